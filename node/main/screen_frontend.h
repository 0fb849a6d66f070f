// The chat screen on the runtime's thread: terminal input and agent events go into the model, its actions to the
// runtime, and the picture to the terminal once per turn when something changed.
// While the screen is up, standard error goes to DATA/chat.log (0600), so that a log line never corrupts it.
#pragma once
#include <sys/types.h>

#include <memory>

#include "client_tui/shell/screen.h"
#include "node/main/no_peers.h"
#include "node/main/output.h"
#include "node/shell/runtime.h"

namespace comm {

struct ScreenConfig {
  std::string data_dir;
  bool color = true;
  bool ascii = false;
  std::vector<std::string> bootstrap;  // whom the runtime was told to dial
  std::vector<ContactInfo> contacts;   // added at start (address and name)
  std::string greeting;                // first line of the program, "" for none
  std::uint16_t lifetime = kDefaultLifetimeMinutes;  // of messages sent
  std::string own_name;                // of the identity, local; "" for none
  ScreenSettings screen;
  Keymap keymap;
};

class ScreenFrontend final : public Frontend {
 public:
  // Null, with a sentence in `why`, if the terminal cannot be used.
  static std::unique_ptr<ScreenFrontend> open(Runtime& runtime, ScreenConfig config, std::string& why);
  ~ScreenFrontend() override;

  void ready(const Ready& ready) override;
  void user(const UserEvent& event) override;
  void turn() override;
  void leaving() override;
  // Gives the terminal and standard error back; `exit_code` != 0 shows the last log line.
  void close(int exit_code);

 private:
  ScreenFrontend(Runtime& runtime, ScreenConfig config, std::unique_ptr<Screen> screen);
  void feed(const ModelEvent& event);
  void refresh();                      // contacts and numbers
  void refresh_status();
  void open_first_window();
  void on_input();
  void on_signals();
  void on_editor();
  void tick();
  void save_drafts();
  void show();
  void load_info();

  // screen_actions.cc
  void perform(const Action& action);
  void open_conversation(const DoOpen& open);
  void search(const DoSearch& search);
  void show_text(const DoShow& show);
  void export_history(const DoExport& to);
  void start_editor(const DoEdit& edit);
  void finish_editor(bool worked);

  Runtime& runtime_;
  ScreenConfig config_;
  std::unique_ptr<Screen> screen_;
  NoPeersWatch no_peers_;
  Model model_;
  bool dirty_ = true;
  bool ready_ = false;
  bool saving_ = false;                // a timer for drafts runs
  int saved_stderr_ = -1;
  int editor_fd_ = -1;                 // pidfd of $EDITOR while it has the terminal
  pid_t editor_pid_ = -1;
  std::string editor_file_;
  std::string log_path_;
};

}  // namespace comm
