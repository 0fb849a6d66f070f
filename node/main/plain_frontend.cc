#include "node/main/plain_frontend.h"

#include <unistd.h>

#include "client_tui/view/format.h"
#include "node/main/local_time.h"
#include "proto/wire/content.h"

namespace comm {
namespace {

constexpr int kExcerptColumns = 40;
constexpr std::size_t kRememberedExcerpts = 4'096;

template <class... Ts>
struct Overload : Ts... { using Ts::operator()...; };
template <class... Ts>
Overload(Ts...) -> Overload<Ts...>;

}  // namespace

PlainFrontend::PlainFrontend(Runtime& runtime, const PlainConfig& config)
    : runtime_(runtime),
      departure_(runtime, config.linger),
      safe_(config.safe),
      lifetime_(config.lifetime),
      input_(kMaxInputLineBytes,
             {.line = [this](std::string_view line) { on_line(line); },
              .too_long = [this] { refuse("That line is too long. Nothing was sent."); },
              .end =
                  [this] {
                    runtime_.unwatch(STDIN_FILENO);
                    departure_.input_ended();
                  }}),
      no_peers_(runtime, config.bootstrap,
                [this](const Alone& alone) { say(safe_text(alone_text(runtime_.now().wall - alone.since, alone.tried), safe_)); }) {
  safe_.single_line = true;
}

void PlainFrontend::say(const std::string& text) {
  const Millis now = runtime_.now().wall;
  if (out_.failed() || out_.line(clock_text(now, utc_offset_minutes(now)) + " " + text)) return;
  complain("cannot write to standard output: " + out_.error() + ".");
  runtime_.stop(kExitIo);
}

void PlainFrontend::refuse(const std::string& why) {
  departure_.refused();
  say(why);
}

void PlainFrontend::ready(const Ready& ready) {
  ready_ = ready;
  say("you are " + address_hex(*ready.address) + ", listening on " + ready.endpoint);
  say("ADDRESS text sends, /help lists the commands");
  no_peers_.start();
  runtime_.watch_patiently(STDIN_FILENO, [this] { input_.read_from(STDIN_FILENO); });
}

std::string PlainFrontend::name_of(const Address& address) const {
  for (const ContactInfo& contact : runtime_.agent()->contacts())
    if (contact.address == address && !contact.name.empty()) return safe_name(contact.name, safe_);
  return short_hex(address.view());
}

std::string PlainFrontend::excerpt(const StateChanged& change) {
  const auto known = sent_by_uid_.find(change.uid);
  if (known != sent_by_uid_.end()) return known->second;
  std::string text;
  const auto fresh = sent_by_ref_.find(change.ref);
  if (fresh != sent_by_ref_.end()) {
    text = fresh->second;
    sent_by_ref_.erase(fresh);
  } else {  // of an earlier run: one look into the history
    for (const HistoryItem& item : runtime_.agent()->history(change.peer, 0, 1'000))
      if (item.uid == change.uid) text = safe_excerpt(item.text, kExcerptColumns, safe_);
  }
  sent_by_uid_[change.uid] = text;
  sent_order_.push_back(change.uid);
  if (sent_order_.size() > kRememberedExcerpts) {
    sent_by_uid_.erase(sent_order_.front());
    sent_order_.pop_front();
  }
  return text;
}

void PlainFrontend::show(const StateChanged& change) {
  std::string line = "to " + name_of(change.peer) + ", " + state_words(change.state, change.relays, change.late) +
                     ": " + excerpt(change);
  if (!change.detail.empty()) line += " (" + safe_text(change.detail, safe_) + ")";
  say(line);
}

void PlainFrontend::show(const Received& received) {
  const std::string text = safe_text(received.text, safe_);
  // A stranger's address is given in full: it is what an answer needs.
  if (received.request) say("from " + address_hex(received.from) + " (request): " + text);
  else say("from " + name_of(received.from) + ": " + text);
  if (!target_) target_ = received.from;
}

void PlainFrontend::user(const UserEvent& event) {
  std::visit(Overload{
                 [&](const StateChanged& change) { show(change); },
                 [&](const Received& received) { show(received); },
                 [&](const Undecryptable& mail) {
                   say("a message arrived that cannot be opened (" + safe_text(mail.reason, safe_) + ")");
                 },
                 [&](const KeyConflict& conflict) {
                   say("two different key records of the same number exist for " + name_of(conflict.address) +
                       ": the secret may be in use elsewhere");
                 },
                 [&](const UserError& error) { refuse(safe_text(error.what, safe_)); },
                 [&](const PeerStatus& status) {
                   peers_ = status;
                   no_peers_.status(status);
                 },
             },
             event);
}

void PlainFrontend::send(const Address& to, std::string text) {
  target_ = to;
  if (text.empty()) return say("now writing to " + name_of(to));
  std::string ref = std::to_string(runtime_.now().wall) + std::to_string(next_ref_++);
  sent_by_ref_[ref] = safe_excerpt(text, kExcerptColumns, safe_);
  if (sent_by_ref_.size() > kRememberedExcerpts) sent_by_ref_.erase(sent_by_ref_.begin());
  runtime_.command(SendText{to, std::move(text), std::move(ref), lifetime_});
}

void PlainFrontend::on_line(std::string_view raw) {
  while (!raw.empty() && raw.back() == '\r') raw.remove_suffix(1);
  if (!valid_utf8(raw)) return refuse("That line is not UTF-8. Nothing was sent.");
  InputLine line = parse_line(raw);
  std::visit(Overload{
                 [](const LineEmpty&) {},
                 [&](LineText& text) {
                   if (target_) return send(*target_, std::move(text.text));
                   refuse("To whom? Write ADDRESS text. Nothing was sent.");
                 },
                 [&](LineTo& to) { send(to.to, std::move(to.text)); },
                 [&](const LineAsk& ask) { refuse(ask.why + " Nothing was sent."); },
                 [&](const LineCommand& command) { run(command); },
                 [&](const LineRefused& refused) { refuse(safe_text(refused.why, safe_)); },
             },
             line);
}

}  // namespace comm
