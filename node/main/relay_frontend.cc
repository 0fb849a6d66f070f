#include "node/main/relay_frontend.h"

#include "node/main/json_protocol.h"
#include "node/main/notify.h"

namespace comm {

RelayFrontend::~RelayFrontend() {
  if (ready_) notify_manager("STOPPING=1");
}

void RelayFrontend::emit(const std::string& line) {
  if (out_.failed()) return;
  if (out_.line(line)) return;
  complain("cannot write to standard output: " + out_.error() + ".");
  runtime_.stop(kExitIo);
}

void RelayFrontend::ready(const Ready& ready) {
  ready_ = true;
  emit(json_ ? json_ready(ready)
             : "relay " + to_hex(ready.node_id.view()) + " listening on " + ready.endpoint + ", data in " + data_dir_);
  notify_manager("READY=1");
  report();
}

void RelayFrontend::ticked() {
  if (json_) emit(json_ticked());
}

// Others are served even if nobody reads the reports: the newest one is made when somebody does.
bool RelayFrontend::unread() const { return json_ && !out_.writable(); }

void RelayFrontend::report() {
  if (unread()) return;
  const Totals totals = runtime_.totals();
  reported_at_ = runtime_.now().mono;
  if (json_ && (!reported_ || !(*reported_ == totals))) emit(json_store(totals));
  reported_ = totals;
  reported_sessions_ = runtime_.core_status().sessions;
  notify_manager("STATUS=" + std::to_string(reported_sessions_) + " peers, " + std::to_string(totals.live) +
                 " stored, " + std::to_string(totals.acknowledged) + " acknowledged");
}

void RelayFrontend::turn() {
  if (!ready_ || timer_) return;
  if (reported_ && *reported_ == runtime_.totals()) return;
  const Millis since = runtime_.now().mono - reported_at_;
  if (since >= kSecond && !unread()) return report();
  timer_ = true;
  runtime_.after(since >= kSecond ? kSecond : kSecond - since, [this] {
    timer_ = false;
    report();
  });
}

}  // namespace comm
