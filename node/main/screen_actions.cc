// What the chat's model asks of the outside: the agent, the history, files, $EDITOR.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "client_tui/model/graphemes.h"
#include "client_tui/view/format.h"
#include "node/main/screen_frontend.h"
#include "node/shell/unique_fd.h"

extern "C" {  // glibc 2.36 forgets to say so
#include <sys/pidfd.h>
}

namespace comm {
namespace {

constexpr std::size_t kSearchedAtOnce = 2'000;  // messages of one step of a search: the node goes on between them
constexpr std::size_t kOutboxShown = 500;
constexpr std::size_t kMaxEditedBytes = 1 << 20;

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

std::string read_all(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string out;
  char buffer[4'096];
  ssize_t size = 0;
  while (fd.get() >= 0 && out.size() < kMaxEditedBytes && (size = ::read(fd.get(), buffer, sizeof buffer)) > 0)
    out.append(buffer, static_cast<std::size_t>(size));
  return out;
}

}  // namespace

void ScreenFrontend::perform(const Action& action) {
  if (const auto* send = std::get_if<DoSend>(&action)) {
    runtime_.command(SendText{send->to, send->text, send->ref, send->lifetime});
    refresh();
  } else if (const auto* command = std::get_if<DoCommand>(&action)) {
    runtime_.command(command->command);
    refresh();
  } else if (const auto* open = std::get_if<DoOpen>(&action)) {
    open_conversation(*open);
  } else if (const auto* older = std::get_if<DoLoadOlder>(&action)) {
    auto items = runtime_.agent()->history(older->peer, older->before, kPageOfHistory);
    const bool all = items.size() < kPageOfHistory;
    feed(OlderLoaded{older->peer, std::move(items), all});
  } else if (const auto* newer = std::get_if<DoLoadNewer>(&action)) {
    auto items = runtime_.agent()->history_after(newer->peer, newer->after, kPageOfHistory);
    const bool all = items.size() < kPageOfHistory;
    feed(NewerLoaded{newer->peer, std::move(items), all});
  } else if (const auto* what = std::get_if<DoSearch>(&action)) {
    runtime_.after(0, [this, copy = *what] { search(copy); });
  } else if (const auto* connect = std::get_if<DoConnect>(&action)) {
    runtime_.connect(connect->endpoint);
    no_peers_.also(connect->endpoint);
  } else if (const auto* text = std::get_if<DoShow>(&action)) {
    show_text(*text);
  } else if (const auto* copy = std::get_if<DoCopy>(&action)) {
    screen_->copy(copy->text);
  } else if (const auto* edit = std::get_if<DoEdit>(&action)) {
    start_editor(*edit);
  } else if (const auto* to = std::get_if<DoExport>(&action)) {
    export_history(*to);
  } else if (std::holds_alternative<DoBell>(action)) {
    if (editor_fd_ < 0) screen_->ring();
  } else if (std::holds_alternative<DoRedraw>(action)) {
    screen_->repaint();
  } else {
    runtime_.stop(kExitOk);
  }
}

void ScreenFrontend::open_conversation(const DoOpen& open) {
  const Agent& agent = *runtime_.agent();
  ConversationLoaded loaded{open.peer, {}, true, true, open.show};
  if (open.show == 0) {
    loaded.items = agent.history(open.peer, 0, kPageOfHistory);
    loaded.at_start = loaded.items.size() < kPageOfHistory;
  } else {
    loaded.items = agent.history(open.peer, open.show, kPageOfHistory / 2);
    loaded.at_start = loaded.items.size() < kPageOfHistory / 2;
    auto rest = agent.history_after(open.peer, open.show - 1, kPageOfHistory);
    loaded.at_end = rest.size() < kPageOfHistory;
    for (HistoryItem& item : rest) loaded.items.push_back(std::move(item));
  }
  feed(loaded);
}

void ScreenFrontend::search(const DoSearch& search) {
  auto items = runtime_.agent()->history(std::nullopt, search.before, kSearchedAtOnce);
  Found found{search.query, {}, items.size() < kSearchedAtOnce ? 0 : items.front().sequence};
  for (auto it = items.rbegin(); it != items.rend(); ++it)
    if (fold_case(it->text).find(search.query) != std::string::npos) found.items.push_back(std::move(*it));
  feed(found);
}

void ScreenFrontend::show_text(const DoShow& show) {
  const Agent& agent = *runtime_.agent();
  TextOpened out;
  if (show.what == CommandId::outbox) {
    out.title = "OUTBOX: not yet received; Enter opens one";
    for (const HistoryItem& item : agent.outbox_items(kOutboxShown))
      out.choices.push_back({"[" + state_words(item.state, item.relays, item.late) + "] " + item.text,
                             {Page::talk, item.peer}, item.sequence, item.at, true});
    if (out.choices.empty()) out.lines = {"Everything has been received."};
    return feed(out);
  }
  const CoreStatus core = runtime_.core_status();
  const Totals totals = runtime_.totals();
  const Agent::Outbox outbox = agent.outbox();
  out.title = show.what == CommandId::peers ? "PEERS" : "STATUS";
  out.lines = {"sessions    " + plural(core.sessions, "peer") + ", " + std::to_string(core.relays) + " of them relays; " +
                   plural(core.links, "link"),
               "known       " + plural(core.table, "node") + " in the routing table, about " +
                   std::to_string(core.size_estimate) + " in the network",
               "listening   " + (model_.endpoint.empty() ? std::string("nowhere, dials only") : model_.endpoint)};
  if (show.what == CommandId::peers) {
    out.lines.emplace_back();
    for (const NodeCore::PeerInfo& peer : runtime_.peers()) out.lines.push_back(peer_text(peer));
  }
  if (show.what == CommandId::status) {
    out.lines.push_back("outbox      " + plural(outbox.open, "message") + ", " + std::to_string(outbox.unstored) +
                        " of them on no relay yet");
    out.lines.push_back("store       " + plural(totals.live, "message") + " kept for others and oneself, " +
                        size_text(totals.bytes) + ", " + plural(totals.records, "key record"));
    out.lines.push_back("data        " + config_.data_dir);
  }
  feed(out);
}

void ScreenFrontend::export_history(const DoExport& to) {
  const UniqueFd fd(::open(to.path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (fd.get() < 0) return feed(Said{"Cannot write " + to.path + ": " + std::strerror(errno) + "."});
  std::uint64_t after = 0;
  std::size_t count = 0;
  for (;;) {
    const auto items = runtime_.agent()->history_after(to.peer, after, kSearchedAtOnce);
    if (items.empty()) break;
    for (const HistoryItem& item : items) {
      const std::string line = day_text(item.at, model_.utc_offset_minutes) + " " +
                               clock_text(item.at, model_.utc_offset_minutes) + (item.outgoing ? " > " : " < ") + item.text +
                               "\n";
      if (!write_all(fd.get(), line)) return feed(Said{"Cannot write " + to.path + ": " + std::strerror(errno) + "."});
    }
    count += items.size();
    after = items.back().sequence;
  }
  if (::fsync(fd.get()) != 0) return feed(Said{"Cannot write " + to.path + ": " + std::strerror(errno) + "."});
  feed(Said{"Wrote " + plural(count, "message") + " to " + to.path + "."});
}

// --- $EDITOR: the node goes on while it runs ---

void ScreenFrontend::start_editor(const DoEdit& edit) {
  const char* editor = std::getenv("VISUAL");
  if (editor == nullptr || editor[0] == '\0') editor = std::getenv("EDITOR");
  if (editor == nullptr || editor[0] == '\0') return feed(Said{"No editor is named. Set $EDITOR, for example to nano."});
  const char* folder = std::getenv("XDG_RUNTIME_DIR");
  std::string path = std::string(folder != nullptr && folder[0] == '/' ? folder : config_.data_dir) + "/comm-draft-XXXXXX";
  const UniqueFd file(::mkostemp(path.data(), O_CLOEXEC));  // 0600
  if (file.get() < 0 || !write_all(file.get(), edit.text))
    return feed(Said{"Cannot write " + path + ": " + std::strerror(errno) + "."});
  screen_->suspend();
  const pid_t pid = ::fork();
  if (pid == 0) {
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
    const std::string script = std::string(editor) + " \"$1\"";
    ::execl("/bin/sh", "sh", "-c", script.c_str(), "sh", path.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  editor_file_ = path;
  editor_pid_ = pid;
  editor_fd_ = pid > 0 ? ::pidfd_open(pid, 0) : -1;
  if (editor_fd_ < 0) {
    if (pid > 0) ::waitpid(pid, nullptr, 0);
    return finish_editor(pid > 0);
  }
  runtime_.unwatch(STDIN_FILENO);
  runtime_.watch(editor_fd_, [this] { on_editor(); });
}

void ScreenFrontend::on_editor() {
  int status = 0;
  if (::waitpid(editor_pid_, &status, WNOHANG) == 0) return;
  runtime_.unwatch(editor_fd_);
  ::close(std::exchange(editor_fd_, -1));
  finish_editor(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  runtime_.watch(STDIN_FILENO, [this] { on_input(); });
}

void ScreenFrontend::finish_editor(bool worked) {
  screen_->resume();
  feed(screen_->read_size());
  if (worked) feed(Edited{read_all(editor_file_)});
  else feed(Said{"The editor failed; the draft is as it was."});
  ::unlink(std::exchange(editor_file_, {}).c_str());
}

}  // namespace comm
