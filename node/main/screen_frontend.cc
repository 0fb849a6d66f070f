#include "node/main/screen_frontend.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <fstream>

#include "node/main/local_time.h"

namespace comm {
namespace {

constexpr std::size_t kHistoryShown = 500;

sigset_t window_signal() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGWINCH);
  return set;
}

std::string last_line(const std::string& path) {
  std::ifstream in(path);
  std::string line, last;
  while (std::getline(in, line))
    if (!line.empty()) last = line;
  return last;
}

}  // namespace

void block_window_signal() {
  const sigset_t set = window_signal();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

std::unique_ptr<ScreenFrontend> ScreenFrontend::open(Runtime& runtime, ScreenConfig config, std::string& why) {
  auto screen = Screen::open(config.color, why);
  if (!screen) return nullptr;
  return std::unique_ptr<ScreenFrontend>(new ScreenFrontend(runtime, std::move(config), std::move(screen)));
}

ScreenFrontend::ScreenFrontend(Runtime& runtime, ScreenConfig config, std::unique_ptr<Screen> screen)
    : runtime_(runtime), config_(std::move(config)), screen_(std::move(screen)) {
  log_path_ = config_.data_dir + "/chat.log";
  const int log = ::open(log_path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  saved_stderr_ = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
  if (log >= 0) {
    ::dup2(log, STDERR_FILENO);
    ::close(log);
  }
  block_window_signal();  // newterm() asked for it to interrupt; the descriptor below is how it is told instead
  const sigset_t set = window_signal();
  window_fd_ = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

ScreenFrontend::~ScreenFrontend() { close(0); }

void ScreenFrontend::close(int exit_code) {
  if (!screen_) return;
  screen_.reset();
  if (saved_stderr_ >= 0) {
    ::dup2(saved_stderr_, STDERR_FILENO);
    ::close(saved_stderr_);
  }
  if (window_fd_ >= 0) ::close(window_fd_);
  saved_stderr_ = window_fd_ = -1;
  if (exit_code == 0) return;
  complain("the chat ended because of: " + last_line(log_path_) + "\ncomm: more in " + log_path_);
}

void ScreenFrontend::ready(const Ready& ready) {
  ready_ = true;
  feed(screen_->read_size());
  tick();
  for (const ContactInfo& contact : config_.contacts) runtime_.command(AddContact{contact.address, contact.name});
  refresh_contacts();
  feed(HistoryLoaded{runtime_.agent()->history(std::nullopt, 0, kHistoryShown)});
  feed(Started{*ready.address, ready.endpoint, std::to_string(runtime_.now().wall)});
  feed(Said{"You are " + address_hex(*ready.address) + ". /help lists the commands."});
  if (!config_.greeting.empty()) feed(Said{config_.greeting});
  if (model_.target == std::nullopt && !config_.contacts.empty()) model_.target = config_.contacts.front().address;
  runtime_.watch(STDIN_FILENO, [this] { on_input(); });
  if (window_fd_ >= 0) runtime_.watch(window_fd_, [this] { on_window(); });
}

void ScreenFrontend::tick() {
  const Millis now = runtime_.now().wall;
  feed(Clock{now, utc_offset_minutes(now)});
  runtime_.after(kMinute - now % kMinute, [this] { tick(); });
}

void ScreenFrontend::refresh_contacts() {
  feed(ContactsChanged{runtime_.agent()->contacts()});
  feed(OutboxChanged{runtime_.agent()->outbox().open});
}

void ScreenFrontend::feed(const ModelEvent& event) {
  dirty_ = true;
  for (const Action& action : update(model_, event)) perform(action);
}

void ScreenFrontend::perform(const Action& action) {
  if (const auto* send = std::get_if<DoSend>(&action)) {
    runtime_.command(SendText{send->to, send->text, send->ref, config_.lifetime});
    feed(OutboxChanged{runtime_.agent()->outbox().open});
  } else if (const auto* add = std::get_if<DoAdd>(&action)) {
    runtime_.command(AddContact{add->address, add->name});
    refresh_contacts();
    feed(Said{"Added."});
  } else if (const auto* connect = std::get_if<DoConnect>(&action)) {
    runtime_.connect(connect->endpoint);
  } else if (std::holds_alternative<DoRedraw>(action)) {
    screen_->repaint();
  } else {
    runtime_.stop(kExitOk);
  }
}

void ScreenFrontend::user(const UserEvent& event) {
  const Millis now = runtime_.now().wall;
  feed(Clock{now, model_.utc_offset_minutes});
  if (std::holds_alternative<Received>(event) || std::holds_alternative<StateChanged>(event)) refresh_contacts();
  feed(event);
}

void ScreenFrontend::on_input() {
  const Millis now = runtime_.now().wall;
  feed(Clock{now, model_.utc_offset_minutes});
  for (const ModelEvent& event : screen_->read_input()) feed(event);
  if (!screen_->at_end()) return;
  runtime_.unwatch(STDIN_FILENO);  // the terminal hung up; what was sent is safe in the data directory
  runtime_.stop(kExitOk);
}

void ScreenFrontend::on_window() {
  signalfd_siginfo info{};
  while (::read(window_fd_, &info, sizeof info) > 0) {}
  feed(screen_->read_size());
  screen_->repaint();  // terminals crop and refill as they like; what is there now is unknown
}

void ScreenFrontend::turn() {
  if (!dirty_ || !ready_) return;
  dirty_ = false;
  const Picture picture = draw(model_, {.ascii = config_.ascii});
  if (model_.scroll > picture.max_scroll) update(model_, ScrollLimit{picture.max_scroll});
  screen_->show(picture);
}

}  // namespace comm
