#include "node/agent/driver.h"

namespace comm {

template <class Start>
void Driver::turn(TimePoint now, Start&& start) {
  Effects out(store_, ticket_ + 1, last_, std::move(room_));
  start(out);
  run(now, out);
  room_ = std::move(out.list());
  if (room_.capacity() > kRoomKept) room_ = {};
  if (!out.stored()) return;
  ticket_ = last_ = out.last_ticket();
  if (auto set = store_.take()) host_.submit(std::move(set));
}

void Driver::run(TimePoint now, Effects& out) {
  // Effects may grow the list while they are performed (a notice makes the agent answer): index, never iterate.
  for (std::size_t i = 0; i < out.list().size(); ++i) {
    PendingEffect pending = std::move(out.list()[i]);
    if (pending.after > gate_.committed()) {
      gate_.hold(std::move(pending));
    } else {
      perform(now, pending.effect, out);
    }
  }
  out.list().clear();
}

void Driver::perform(TimePoint now, Effect& effect, Effects& out) {
  std::visit(
      [&](auto& e) {
        using T = std::decay_t<decltype(e)>;
        if constexpr (std::is_same_v<T, SendPacket>) host_.send(e.link, std::move(e.packet));
        else if constexpr (std::is_same_v<T, OpenLink>) host_.open_link(e.link, e.endpoint);
        else if constexpr (std::is_same_v<T, CloseLink>) host_.close_link(e.link);
        else if constexpr (std::is_same_v<T, ComputeNodeId>) host_.compute_node_id(e.key);
        else if constexpr (std::is_same_v<T, Notice>) { if (agent_ != nullptr) agent_->handle(now, e, out); }
        else if constexpr (std::is_same_v<T, Event>) core_.handle(now, e, out);
        else if constexpr (std::is_same_v<T, UserEvent>) host_.user(e);
        else host_.note(e);
      },
      effect);
}

void Driver::start(TimePoint now) {
  turn(now, [&](Effects& out) {
    core_.start(now, out);
    if (agent_ != nullptr) agent_->start(now, out);
  });
}

void Driver::event(TimePoint now, Event event) {
  turn(now, [&](Effects& out) { core_.handle(now, event, out); });
}

void Driver::command(TimePoint now, const UserCommand& command) {
  CHECK(agent_ != nullptr);
  turn(now, [&](Effects& out) {
    agent_->handle(now, command, out);
    if (out.stored()) asked_.add(command, out.last_ticket());
  });
}

void Driver::time_passed(TimePoint now) {
  turn(now, [&](Effects& out) {
    core_.handle(now, TimePassed{}, out);
    if (agent_ == nullptr) return;
    run(now, out);  // the agent hears of the clock's standing before it judges by the clock
    agent_->handle_time(now, out);
  });
}

void Driver::committed(TimePoint now, Ticket ticket) {
  store_.committed(ticket);
  asked_.committed(ticket);
  turn(now, [&](Effects& out) {
    for (Effect& effect : gate_.release(ticket)) perform(now, effect, out);
  });
}

void Driver::commit_failed(TimePoint now) {
  store_.failed();
  StoreFailed failed;
  for (PendingEffect& dropped : gate_.drop_all()) {
    auto* send = std::get_if<SendPacket>(&dropped.effect);
    auto* stored = send == nullptr ? nullptr : std::get_if<Stored>(&send->packet.body);
    if (stored != nullptr) failed.unsaid.push_back({send->link, send->packet.request_id, std::move(*stored)});
  }
  last_ = gate_.committed();
  turn(now, [&](Effects& out) {
    core_.handle(now, failed, out);
    if (agent_ == nullptr) return;
    agent_->handle_store_failed(now, out);
    for (UserError& loss : asked_.take_lost()) out.now(UserEvent{std::move(loss)});
  });
}

std::optional<Millis> Driver::next_deadline() const {
  auto deadline = core_.next_deadline();
  if (agent_ != nullptr)
    if (auto other = agent_->next_deadline(); other && (!deadline || *other < *deadline)) deadline = other;
  return deadline;
}

void Driver::connect(TimePoint now, const Bootstrap& bootstrap) {
  turn(now, [&](Effects& out) { core_.add_bootstrap(now, bootstrap, out); });
}

}  // namespace comm
