#include "client_tui/shell/screen.h"

#include "client_tui/model/key_decoder.h"

#define NCURSES_NOMACROS 1  // functions only: the macros would rewrite our own names
#include <ncurses.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <cwchar>
#include <iterator>

// term.h has them as macros all the same.
#undef erase
#undef lines
#undef columns
#undef newline

namespace comm {
namespace {

// Bracketed paste and focus reports.
constexpr char kReportsOn[] = "\033[?2004h\033[?1004h", kReportsOff[] = "\033[?1004l\033[?2004l";

constexpr int kTerminalSignals[] = {SIGWINCH, SIGTSTP, SIGCONT};

// How long to wait for the rest of an escape sequence, and of a paste that came in pieces.
constexpr int kSequenceMillis = 25, kPasteMillis = 50;
constexpr std::size_t kTerminalBuffer = 4'095;  // the kernel hands over as much at once; then more may lie behind it
constexpr int kMostPauses = 16;                 // sequences that came in pieces, in one call

struct DescribedKey { const char* capability; const char* name; };
constexpr DescribedKey kDescribed[] = {
    {"kcuu1", "Up"},   {"kcud1", "Down"},   {"kcub1", "Left"}, {"kcuf1", "Right"}, {"khome", "Home"}, {"kend", "End"},
    {"kpp", "PgUp"},   {"knp", "PgDn"},     {"kich1", "Insert"}, {"kdch1", "Delete"}, {"kent", "Enter"}, {"kf1", "F1"},
    {"kf2", "F2"},     {"kf3", "F3"},       {"kf4", "F4"},     {"kf5", "F5"},      {"kf6", "F6"},     {"kf7", "F7"},
    {"kf8", "F8"},     {"kf9", "F9"},       {"kf10", "F10"},   {"kf11", "F11"},    {"kf12", "F12"},
};

// What a signal handler needs to give the terminal back. Process-wide because signal handlers are.
struct Rescue {
  volatile sig_atomic_t armed = 0;
  termios saved{};
  std::array<char, 64> leave{};
  std::size_t leave_length = 0;
};
Rescue g_rescue;

constexpr int kFatalSignals[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};

void write_quietly(const char* text, std::size_t length) {
  if (::write(STDOUT_FILENO, text, length) < 0) return;  // nothing is left to be told
}

void on_fatal(int signal_number) {
  if (g_rescue.armed != 0) {
    g_rescue.armed = 0;
    write_quietly(kReportsOff, sizeof kReportsOff - 1);
    write_quietly(g_rescue.leave.data(), g_rescue.leave_length);
    ::tcsetattr(STDIN_FILENO, TCSANOW, &g_rescue.saved);
  }
  ::signal(signal_number, SIG_DFL);
  ::raise(signal_number);
}

// "" if the terminal's description does not have it.
std::string capability(const char* name) {
  const char* sequence = ::tigetstr(name);
  return sequence == nullptr || sequence == reinterpret_cast<const char*>(-1) ? std::string() : sequence;
}

void arm_rescue() {
  std::string leave;
  for (const char* name : {"sgr0", "cnorm", "rmcup"}) leave += capability(name);
  g_rescue.leave_length = std::min(leave.size(), g_rescue.leave.size());
  std::memcpy(g_rescue.leave.data(), leave.data(), g_rescue.leave_length);
  g_rescue.armed = 1;
  for (const int number : kFatalSignals) {
    struct sigaction action {};
    action.sa_handler = on_fatal;
    ::sigaction(number, &action, nullptr);
  }
}

sigset_t terminal_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : kTerminalSignals) sigaddset(&set, number);
  return set;
}

// As the shell expects of a program told to stop; returns when it goes on, at once if nobody could make it go on.
void stop_here() {
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTSTP);
  ::raise(SIGTSTP);
  ::pthread_sigmask(SIG_UNBLOCK, &stop, nullptr);
  ::pthread_sigmask(SIG_BLOCK, &stop, nullptr);
}

std::wstring to_wide(const std::string& text) {
  std::wstring out(text.size() + 1, L'\0');
  std::mbstate_t state{};
  const char* from = text.c_str();
  const std::size_t length = std::mbsrtowcs(out.data(), &from, out.size(), &state);
  if (length == static_cast<std::size_t>(-1)) return std::wstring(1, L'?');
  out.resize(length);
  return out;
}

// Colour pairs are numbered as the styles are.
void start_colors() {
  ::start_color();
  ::use_default_colors();
  const auto pair = [](Style style, short color) { ::init_pair(static_cast<short>(style), color, -1); };
  pair(Style::nick, COLOR_CYAN);
  pair(Style::own_nick, COLOR_BLUE);
  pair(Style::good, COLOR_GREEN);
  pair(Style::bad, COLOR_RED);
  ::init_pair(static_cast<short>(Style::qr), COLOR_WHITE, COLOR_BLACK);
}

attr_t attributes(Style style, bool color) {
  const auto paint = color ? static_cast<attr_t>(COLOR_PAIR(static_cast<int>(style))) : 0;
  switch (style) {
    case Style::bar:
    case Style::selected: return A_REVERSE;
    case Style::dim: return color ? A_DIM : A_NORMAL;
    case Style::nick:
    case Style::bad: return A_BOLD | paint;
    case Style::own_nick:
    case Style::good: return paint;
    case Style::prompt: return A_BOLD;
    case Style::qr: return paint;
    case Style::normal: break;
  }
  return A_NORMAL;
}

void learn_keys(KeyDecoder& decoder) {
  for (const DescribedKey& key : kDescribed) decoder.learn(capability(key.capability), key.name);
  for (int byte = 0x80; byte <= 0xff; ++byte)
    if (const wint_t code = std::btowc(byte); code != WEOF) decoder.learn_byte(static_cast<unsigned char>(byte), code);
}

bool more_within(int milliseconds) {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  return ::poll(&input, 1, milliseconds) > 0;
}

// Appends what one read brings; false at the end of the terminal.
bool read_some(std::string& to, std::size_t& size) {
  char buffer[kTerminalBuffer + 1];
  const ssize_t got = ::read(STDIN_FILENO, buffer, sizeof buffer);
  size = got > 0 ? static_cast<std::size_t>(got) : 0;
  to.append(buffer, size);
  ::explicit_bzero(buffer, size);  // it may have been a passphrase
  return got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN));
}

std::string base64(std::string_view text) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 3; ++j)
      bits = bits << 8 | (i + j < text.size() ? static_cast<unsigned char>(text[i + j]) : 0u);
    for (std::size_t j = 0; j < 4; ++j)
      out += i + j > text.size() ? '=' : kDigits[bits >> (18 - 6 * j) & 0x3f];
  }
  return out;
}

}  // namespace

struct Screen::Impl {
  SCREEN* terminal = nullptr;
  int signals = -1;
  bool color = false;
  bool ended = false;
  KeyDecoder decoder;

  // Which of them has come since the last look.
  struct Came { bool stop = false, go_on = false; };
  Came read_signals() {
    Came out;
    signalfd_siginfo info{};
    while (::read(signals, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
      out.stop |= info.ssi_signo == SIGTSTP;
      out.go_on |= info.ssi_signo == SIGCONT;
    }
    return out;
  }

  // What has come at once. A paste is more than one read brings, and must not be taken for typing at any of the seams.
  std::string read_burst() {
    std::string burst;
    for (bool paste = false; burst.size() < kMaxPasteBytes;) {
      std::size_t size = 0;
      if (!read_some(burst, size)) {
        ended = true;
        break;
      }
      paste = paste || is_paste_burst(burst);
      const int patience = paste ? kPasteMillis : 0;
      if ((!paste && size < kTerminalBuffer) || !more_within(patience)) break;
    }
    return burst;
  }
};

Screen::Screen(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

std::unique_ptr<Screen> Screen::open(bool color, std::string& why) {
  if (::tcgetattr(STDIN_FILENO, &g_rescue.saved) != 0) {
    why = "standard input is not a terminal";
    return nullptr;
  }
  block_signals();
  const sigset_t taken = terminal_signals();
  auto impl = std::make_unique<Impl>();
  impl->signals = ::signalfd(-1, &taken, SFD_NONBLOCK | SFD_CLOEXEC);
  impl->terminal = ::newterm(nullptr, stdout, stdin);
  ::signal(SIGTSTP, SIG_DFL);  // newterm() has a handler of its own for it, and would have SIGWINCH interrupt us
  block_signals();
  if (impl->terminal == nullptr) {
    if (impl->signals >= 0) ::close(impl->signals);
    const char* term = std::getenv("TERM");
    why = std::string("the terminal type \"") + (term != nullptr ? term : "") + "\" is unknown here";
    return nullptr;
  }
  ::set_term(impl->terminal);
  ::raw();
  ::noecho();
  ::nonl();
  ::keypad(stdscr, TRUE);
  impl->color = color && ::has_colors();
  if (impl->color) start_colors();
  learn_keys(impl->decoder);
  write_quietly(kReportsOn, sizeof kReportsOn - 1);
  arm_rescue();
  return std::unique_ptr<Screen>(new Screen(std::move(impl)));
}

Screen::~Screen() {
  write_quietly(kReportsOff, sizeof kReportsOff - 1);
  ::endwin();
  ::delscreen(impl_->terminal);
  if (impl_->signals >= 0) ::close(impl_->signals);
  g_rescue.armed = 0;
}

void Screen::block_signals() {
  const sigset_t set = terminal_signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

int Screen::signals() const { return impl_->signals; }

void Screen::take_signals(bool away) {
  Impl::Came came = impl_->read_signals();
  if (came.stop) {
    if (!away) suspend();
    stop_here();
    came = impl_->read_signals();  // SIGCONT, and what else came meanwhile
    if (!away) resume();
  } else if (came.go_on && !away) {
    // Stopped without a word (SIGSTOP): the shell has set its own modes and written where it liked.
    suspend();
    resume();
  }
  if (!away) repaint();  // after a change of size too, terminals crop and refill as they like
}

std::vector<ModelEvent> Screen::read_input() {
  std::vector<ModelEvent> out;
  for (int pauses = 0; pauses < kMostPauses && !impl_->ended; ++pauses) {
    if (!more_within(pauses == 0 ? 0 : kSequenceMillis)) break;
    const std::string burst = impl_->read_burst();
    impl_->decoder.take(burst, out);
    if (!impl_->decoder.waiting()) return out;
  }
  impl_->decoder.pause(out);
  return out;
}

Resized Screen::read_size() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
    ::resize_term(size.ws_row, size.ws_col);
  return {getmaxy(stdscr), getmaxx(stdscr)};
}

void Screen::show(const Picture& picture) {
  ::werase(stdscr);
  const Grid& grid = picture.grid;
  for (int row = 0; row < grid.rows() && row < getmaxy(stdscr); ++row) {
    for (int column = 0; column < grid.columns();) {
      const Style style = grid.at(row, column).style;
      const int start = column;
      std::string run;
      for (; column < grid.columns() && grid.at(row, column).style == style; ++column) run += grid.at(row, column).text;
      ::wattrset(stdscr, static_cast<int>(attributes(style, impl_->color)));
      ::mvwaddwstr(stdscr, row, start, to_wide(run).c_str());
    }
  }
  ::wattrset(stdscr, A_NORMAL);
  ::wmove(stdscr, picture.cursor_row, picture.cursor_column);
  ::wrefresh(stdscr);
}

void Screen::suspend() {
  write_quietly(kReportsOff, sizeof kReportsOff - 1);
  ::endwin();
}

void Screen::resume() {
  write_quietly(kReportsOn, sizeof kReportsOn - 1);
  ::clearok(stdscr, TRUE);
}

void Screen::ring() { ::beep(); }

void Screen::copy(std::string_view text) {
  const std::string sequence = "\033]52;c;" + base64(text) + "\a";
  write_quietly(sequence.data(), sequence.size());
}

void Screen::repaint() { ::clearok(stdscr, TRUE); }

bool Screen::at_end() const { return impl_->ended; }

}  // namespace comm
