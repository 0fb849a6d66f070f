#include "node/main/screen_frontend.h"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>

#include "node/main/local_time.h"

namespace comm {
namespace {

constexpr Millis kDraftDelay = 700;      // after a key: drafts are on disk within a second
constexpr int kInfoPaneColumns = 110;
constexpr int kMostRedraws = 64;         // parts of the history loaded while one picture is drawn

std::string last_line(const std::string& path) {
  std::ifstream in(path);
  std::string line, last;
  while (std::getline(in, line))
    if (!line.empty()) last = line;
  return last;
}

}  // namespace

std::unique_ptr<ScreenFrontend> ScreenFrontend::open(Runtime& runtime, ScreenConfig config, std::string& why) {
  auto screen = Screen::open(config.color, why);
  if (!screen) return nullptr;
  return std::unique_ptr<ScreenFrontend>(new ScreenFrontend(runtime, std::move(config), std::move(screen)));
}

ScreenFrontend::ScreenFrontend(Runtime& runtime, ScreenConfig config, std::unique_ptr<Screen> screen)
    : runtime_(runtime), config_(std::move(config)), screen_(std::move(screen)),
      no_peers_(runtime, config_.bootstrap, [this](const Alone& alone) { feed(alone); }) {
  log_path_ = config_.data_dir + "/chat.log";
  const int log = ::open(log_path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  saved_stderr_ = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
  if (log >= 0) {
    ::dup2(log, STDERR_FILENO);
    ::close(log);
  }
  model_.settings = config_.screen;
  model_.keymap = config_.keymap;
  model_.lifetime = config_.lifetime;
}

ScreenFrontend::~ScreenFrontend() { close(0); }

void ScreenFrontend::close(int exit_code) {
  if (!screen_) return;
  if (editor_fd_ >= 0) ::close(std::exchange(editor_fd_, -1));
  if (!editor_file_.empty()) ::unlink(editor_file_.c_str());
  screen_.reset();
  if (saved_stderr_ >= 0) {
    ::dup2(saved_stderr_, STDERR_FILENO);
    ::close(saved_stderr_);
  }
  saved_stderr_ = -1;
  if (exit_code == 0) return;
  complain("the chat ended because of: " + last_line(log_path_) + "\ncomm: more in " + log_path_);
}

void ScreenFrontend::ready(const Ready& ready) {
  ready_ = true;
  const Agent& agent = *runtime_.agent();
  feed(screen_->read_size());
  tick();
  feed(Started{*ready.address, config_.own_name, ready.endpoint, std::to_string(runtime_.now().wall), COMM_VERSION});
  for (const ContactInfo& contact : config_.contacts) runtime_.command(AddContact{contact.address, contact.name});
  refresh();
  feed(DraftsLoaded{agent.drafts()});
  if (!config_.greeting.empty()) feed(Said{config_.greeting});
  open_first_window();
  no_peers_.start();
  runtime_.watch(STDIN_FILENO, [this] { on_input(); });
  if (screen_->signals() >= 0) runtime_.watch(screen_->signals(), [this] { on_signals(); });
}

// Where the talk went on last; home if there was none.
void ScreenFrontend::open_first_window() {
  const ContactInfo* last = nullptr;
  for (const auto& [address, contact] : model_.contacts)
    if (contact.accepted && !contact.blocked && (last == nullptr || contact.last_at > last->last_at)) last = &contact;
  if (last == nullptr) return;
  const std::string greeting = model_.notice;
  feed(OpenWindow{{Page::talk, Address(last->address)}});
  model_.notice = greeting;
}

void ScreenFrontend::tick() {
  const Millis now = runtime_.now().wall;
  feed(Clock{now, utc_offset_minutes(now)});
  refresh_status();
  runtime_.after(kMinute - now % kMinute, [this] { tick(); });
}

void ScreenFrontend::refresh() {
  feed(ContactsChanged{runtime_.agent()->contacts()});
  refresh_status();
}

void ScreenFrontend::refresh_status() {
  const Agent::Outbox outbox = runtime_.agent()->outbox();
  StatusLine status = model_.status;
  status.outbox = outbox.open;
  status.outbox_bytes = outbox.bytes;
  status.store_bytes = runtime_.totals().bytes;
  status.is_reached = is_reached(runtime_.peers());
  feed(StatusChanged{status});
}

void ScreenFrontend::feed(const ModelEvent& event) {
  dirty_ = true;
  for (const Action& action : update(model_, event)) perform(action);
  if (model_.unsaved_drafts.empty() || saving_ || !ready_) return;
  saving_ = true;
  runtime_.after(kDraftDelay, [this] {
    saving_ = false;
    save_drafts();
  });
}

void ScreenFrontend::save_drafts() {
  for (SetDraft& draft : take_unsaved_drafts(model_)) runtime_.command(std::move(draft));
  dirty_ = true;
}

void ScreenFrontend::leaving() { save_drafts(); }

void ScreenFrontend::user(const UserEvent& event) {
  feed(Clock{runtime_.now().wall, model_.utc_offset_minutes});
  const bool own_status = std::holds_alternative<PeerStatus>(event);
  if (!own_status) refresh();  // contacts too: a full disk may have taken back what was just done
  if (const auto* peers = std::get_if<PeerStatus>(&event)) no_peers_.status(*peers);
  feed(event);
}

void ScreenFrontend::on_input() {
  if (editor_fd_ >= 0) return;  // the terminal is another program's
  feed(Clock{runtime_.now().wall, model_.utc_offset_minutes});
  for (const ModelEvent& event : screen_->read_input()) feed(event);
  if (!screen_->at_end()) return;
  runtime_.unwatch(STDIN_FILENO);
  runtime_.stop(kExitOk);
}

void ScreenFrontend::on_signals() {
  const bool away = editor_fd_ >= 0;
  screen_->take_signals(away);
  if (!away) feed(screen_->read_size());
}

void ScreenFrontend::load_info() {
  const Entry* entry = model_.window.page == Page::talk ? selected_entry(model_) : nullptr;
  const bool visible = model_.info_open || (model_.settings.show_info && model_.columns >= kInfoPaneColumns);
  if (entry == nullptr || !entry->outgoing || !visible) return;
  InfoLoaded info{entry->sequence, runtime_.agent()->message(entry->sequence).value_or(MessageDetail{}), 0};
  for (const MessageId& id : info.detail.copies)
    if (const auto known = runtime_.message_info(id)) {
      if (known->next_try != 0 && (info.next_try == 0 || known->next_try < info.next_try)) info.next_try = known->next_try;
    }
  update(model_, info);
}

void ScreenFrontend::show() {
  const ViewOptions options{.ascii = config_.ascii};
  load_info();
  Picture picture = draw(model_, options);
  // Scrolled to the edge of what is in memory: load on and draw again.
  for (int i = 0; i < kMostRedraws; ++i) {
    const auto entries = model_.talk.entries.size();
    const auto scroll = model_.talk.scroll;
    const bool anchored = model_.talk.anchor.has_value();
    feed(picture.viewed);
    if (entries == model_.talk.entries.size() && scroll == model_.talk.scroll && anchored == model_.talk.anchor.has_value())
      break;
    picture = draw(model_, options);
  }
  screen_->show(picture);
  dirty_ = false;
}

void ScreenFrontend::turn() {
  if (dirty_ && ready_ && screen_ && editor_fd_ < 0) show();
}

}  // namespace comm
