// The terminal: ncurses calls and nothing else. Turns key presses into ModelEvents and copies a Grid to the screen.
// One per process, on one thread. Restores the terminal when destroyed and, from a signal handler, when the process
// dies of SIGSEGV, SIGABRT, SIGBUS, SIGFPE or SIGILL. ncurses keeps its own state per process, hence the one.
#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "client_tui/view/view.h"

namespace comm {

class Screen {
 public:
  // Takes over the terminal on stdin and stdout. Null, with a sentence in `why`, if it cannot (TERM unknown).
  static std::unique_ptr<Screen> open(bool color, std::string& why);
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  // SIGWINCH, SIGTSTP and SIGCONT are taken by descriptor. Call before any thread starts.
  static void block_signals();
  // Readable when one has come: call take_signals, then ask for the size and show a picture.
  int signals() const;
  // Stops the process if that was asked for, and takes the terminal back when it goes on. `away`: another program has
  // the terminal, which is then left alone.
  void take_signals(bool away);

  // What was typed since the last call; never waits. Call when stdin is readable.
  std::vector<ModelEvent> read_input();
  // The window's size as the system has it now.
  Resized read_size();
  void show(const Picture& picture);
  void repaint();       // everything anew at the next show()
  void ring();
  void copy(std::string_view text);  // to the clipboard, if the terminal does that (OSC 52)
  // Gives the terminal to another program for a while.
  void suspend();
  void resume();
  bool at_end() const;  // the terminal is gone

 private:
  struct Impl;
  explicit Screen(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace comm
