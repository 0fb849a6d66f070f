// Effects out, events in: what the driver asks of the world, and what the world tells the driver.
#include "node/shell/runtime_impl.h"

namespace comm {
namespace {

constexpr std::size_t kSubmitBytes = 256 << 10;  // staged so far: the committer may as well begin
constexpr std::size_t kInlineBytes = 64 << 10;   // written by the reactor itself
constexpr int kInlineCommits = 4;                // in a row: each may make turns that write again

}  // namespace

void Runtime::Impl::send(LinkId link, Packet packet) {
  Bytes bytes = encode_packet(packet);
  if (bytes.size() > kMaxPacketBytes) {
    note({Severity::error, "packet-too-large", packet_name(packet.body)});
    return;
  }
  ++traffic;
  transport.send(link, std::move(bytes));
}

void Runtime::Impl::open_link(LinkId link, const Endpoint& endpoint) {
  ++traffic;
  transport.dial(link, endpoint, real_mono());
}

void Runtime::Impl::close_link(LinkId link) { transport.close_link(link, real_mono()); }

void Runtime::Impl::compute_node_id(const NodeKey& key) {
  if (!hasher.submit(key)) note({Severity::debug, "hasher-full", {}});
}

void Runtime::Impl::submit(std::unique_ptr<WriteSet> set) {
  // The committer drops everything between a failure and resume; what a turn after Store::failed writes is new.
  if (std::exchange(recovering, false)) committer->resume();
  submitted = set->last_ticket();
  staged_bytes += set->bytes();
  staged.push_back(std::move(set));
  if (staged_bytes >= kSubmitBytes) submit_staged();
}

void Runtime::Impl::submit_staged() {
  for (auto& set : staged) committer->submit(std::move(set));
  staged.clear();
  staged_bytes = 0;
}

void Runtime::Impl::commit_staged() {
  for (int i = 0; i < kInlineCommits && !staged.empty() && staged_bytes <= kInlineBytes; ++i) {
    if (transport.pending(accepts_packets()) || !committer->commit_now(staged)) break;
    staged_bytes = 0;
    take_reports();
    if (stopping()) break;
  }
  submit_staged();
}

void Runtime::Impl::user(const UserEvent& event) { user_events.push_back(event); }

void Runtime::Impl::note(const Note& note) { log.note(real_mono(), note); }

void Runtime::Impl::link_up(const LinkUp& up) {
  ++traffic;
  turn([&](TimePoint now) { driver->event(now, up); });
}

void Runtime::Impl::link_down(LinkId link) {
  ++traffic;
  turn([&](TimePoint now) { driver->event(now, LinkDown{link}); });
}

void Runtime::Impl::packet(LinkId link, ByteView bytes) {
  ++traffic;
  auto parsed = parse_packet(bytes);
  turn([&](TimePoint now) {
    if (parsed) driver->event(now, PacketArrived{link, std::move(*parsed)});
    else driver->event(now, PacketRejected{link, parsed.error()});
  });
}

bool Runtime::Impl::accepts_packets() { return !closing && committer->has_room() && driver->has_room(); }

void Runtime::Impl::connect(const std::string& endpoint) {
  const auto where = parse_host_port(endpoint, true, false);
  if (!where) {
    user_events.push_back(UserError{"\"" + endpoint + "\" is not HOST:PORT", {}});
  } else if (where->numeric) {
    turn([&](TimePoint now) { driver->connect(now, Bootstrap{*where->numeric, where->pin}); });
  } else if (!resolver.submit(*where)) {
    user_events.push_back(UserError{"too many names are being looked up", {}});
  }
}

void Runtime::Impl::take_resolved() {
  for (const Resolved& result : resolver.take()) {
    if (result.endpoints.empty())
      note({Severity::warning, "bootstrap-unresolved", result.asked.host + ": " + result.error + "; trying again"});
    for (const Endpoint& endpoint : result.endpoints)
      turn([&](TimePoint now) { driver->connect(now, Bootstrap{endpoint, result.asked.pin}); });
  }
}

void Runtime::Impl::take_reports() {
  while (const auto report = committer->poll()) {
    take_report(*report);
    if (stopping() && report->result == CommitResult::fatal) return;
  }
}

void Runtime::Impl::take_report(const CommitReport& report) {
  switch (report.result) {
    case CommitResult::ok:
      reported = report.ticket;
      turn([&](TimePoint now) { driver->committed(now, report.ticket); });
      return;
    case CommitResult::disk_full:
      note({Severity::error, "disk-full", "refusing new mail. Free some space. " + report.detail});
      recovering = true;
      staged.clear();  // on top of what has failed
      staged_bytes = 0;
      reported = submitted;  // nothing submitted so far will be reported any more
      turn([&](TimePoint now) { driver->commit_failed(now); });
      if (std::exchange(recovering, false)) committer->resume();
      return;
    case CommitResult::fatal:
      log.write(real_mono(), LogLevel::error, "store-failed",
                "a write to the disk failed: " + report.detail + " The node ends; it recovers at the next start.");
      reported = submitted;
      stop_code = kExitIo;
      return;
  }
}

void Runtime::Impl::hand_out_user_events() {
  while (!user_events.empty() && frontend != nullptr) {
    const UserEvent event = std::move(user_events.front());
    user_events.pop_front();
    frontend->user(event);
  }
}

}  // namespace comm
