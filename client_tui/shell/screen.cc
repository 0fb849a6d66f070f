#include "client_tui/shell/screen.h"

#define NCURSES_NOMACROS 1  // functions only: the macros would rewrite our own names
#include <ncurses.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <clocale>
#include <cstdlib>
#include <cstring>
#include <cwchar>

// term.h has them as macros all the same.
#undef erase
#undef lines
#undef columns
#undef newline

namespace comm {
namespace {

// Codes of our own beyond ncurses' KEY_MAX, bound to sequences by define_key.
enum OwnKey : int {
  kPasteBegin = KEY_MAX + 1, kPasteEnd, kControlHome, kControlEnd
};
constexpr std::size_t kMaxPasteBytes = 256 * 1024;
constexpr char kPasteOn[] = "\033[?2004h", kPasteOff[] = "\033[?2004l";

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
    write_quietly(kPasteOff, sizeof kPasteOff - 1);
    write_quietly(g_rescue.leave.data(), g_rescue.leave_length);
    ::tcsetattr(STDIN_FILENO, TCSANOW, &g_rescue.saved);
  }
  ::signal(signal_number, SIG_DFL);
  ::raise(signal_number);
}

void arm_rescue() {
  std::string leave;
  for (const char* name : {"sgr0", "cnorm", "rmcup"}) {
    const char* sequence = ::tigetstr(name);
    if (sequence != nullptr && sequence != reinterpret_cast<const char*>(-1)) leave += sequence;
  }
  g_rescue.leave_length = std::min(leave.size(), g_rescue.leave.size());
  std::memcpy(g_rescue.leave.data(), leave.data(), g_rescue.leave_length);
  g_rescue.armed = 1;
  for (const int number : kFatalSignals) {
    struct sigaction action {};
    action.sa_handler = on_fatal;
    ::sigaction(number, &action, nullptr);
  }
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

std::string to_utf8(wint_t c) {
  const auto v = static_cast<std::uint32_t>(c);
  std::string out;
  const auto byte = [&](std::uint32_t b) { out += static_cast<char>(b); };
  if (v < 0x80) {
    byte(v);
  } else if (v < 0x800) {
    byte(0xc0 | v >> 6), byte(0x80 | (v & 0x3f));
  } else if (v < 0x10000) {
    byte(0xe0 | v >> 12), byte(0x80 | (v >> 6 & 0x3f)), byte(0x80 | (v & 0x3f));
  } else {
    byte(0xf0 | v >> 18), byte(0x80 | (v >> 12 & 0x3f)), byte(0x80 | (v >> 6 & 0x3f)), byte(0x80 | (v & 0x3f));
  }
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
}

attr_t attributes(Style style, bool color) {
  const attr_t paint = color && style >= Style::nick && style <= Style::bad && style != Style::normal
                           ? static_cast<attr_t>(COLOR_PAIR(static_cast<int>(style)))
                           : 0;
  switch (style) {
    case Style::bar: return A_REVERSE;
    case Style::dim: return A_DIM;
    case Style::nick:
    case Style::bad: return A_BOLD | paint;
    case Style::own_nick:
    case Style::good: return paint;
    default: return A_NORMAL;
  }
}

std::optional<Key> control_key(wint_t c) {
  switch (c) {
    case 0x01: return Key::home;
    case 0x02: return Key::left;
    case 0x03: return Key::interrupt;
    case 0x04: return Key::erase;
    case 0x05: return Key::end;
    case 0x06: return Key::right;
    case 0x08:
    case 0x7f: return Key::backspace;
    case 0x0a: return Key::newline;
    case 0x0c: return Key::redraw;
    case 0x0d: return Key::enter;
    case 0x15: return Key::erase_to_start;
    case 0x17: return Key::erase_word;
    default: return std::nullopt;
  }
}

std::optional<Key> function_key(int code) {
  switch (code) {
    case KEY_ENTER: return Key::enter;
    case KEY_BACKSPACE: return Key::backspace;
    case KEY_DC: return Key::erase;
    case KEY_LEFT: return Key::left;
    case KEY_RIGHT: return Key::right;
    case KEY_HOME: return Key::home;
    case KEY_END: return Key::end;
    case KEY_PPAGE: return Key::page_up;
    case KEY_NPAGE: return Key::page_down;
    case kControlHome: return Key::to_oldest;
    case kControlEnd: return Key::to_newest;
    default: return std::nullopt;
  }
}

}  // namespace

struct Screen::Impl {
  SCREEN* terminal = nullptr;
  bool color = false;
  bool pasting = false;
  bool escaped = false;  // ESC was read: the next character comes with Alt
  bool ended = false;
  std::string paste;

  void take(int kind, wint_t c, std::vector<ModelEvent>& out);
  void take_paste(int kind, wint_t c, std::vector<ModelEvent>& out);
};

Screen::Screen(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

std::unique_ptr<Screen> Screen::open(bool color, std::string& why) {
  if (::tcgetattr(STDIN_FILENO, &g_rescue.saved) != 0) {
    why = "standard input is not a terminal";
    return nullptr;
  }
  auto impl = std::make_unique<Impl>();
  impl->terminal = ::newterm(nullptr, stdout, stdin);
  if (impl->terminal == nullptr) {
    const char* term = std::getenv("TERM");
    why = std::string("the terminal type \"") + (term != nullptr ? term : "") + "\" is unknown here";
    return nullptr;
  }
  ::set_term(impl->terminal);
  ::raw();
  ::noecho();
  ::nonl();
  ::keypad(stdscr, TRUE);
  ::nodelay(stdscr, TRUE);
  ::set_escdelay(25);
  impl->color = color && ::has_colors();
  if (impl->color) start_colors();
  ::define_key("\033[200~", kPasteBegin);
  ::define_key("\033[201~", kPasteEnd);
  ::define_key("\033[1;5H", kControlHome);
  ::define_key("\033[1;5F", kControlEnd);
  write_quietly(kPasteOn, sizeof kPasteOn - 1);
  arm_rescue();
  return std::unique_ptr<Screen>(new Screen(std::move(impl)));
}

Screen::~Screen() {
  write_quietly(kPasteOff, sizeof kPasteOff - 1);
  ::endwin();
  ::delscreen(impl_->terminal);
  g_rescue.armed = 0;
}

void Screen::Impl::take_paste(int kind, wint_t c, std::vector<ModelEvent>& out) {
  if (kind == KEY_CODE_YES && c == static_cast<wint_t>(kPasteEnd)) {
    pasting = false;
    out.push_back(Pasted{std::move(paste)});
    paste.clear();
    return;
  }
  if (kind == KEY_CODE_YES || paste.size() > kMaxPasteBytes) return;
  paste += to_utf8(c);
}

void Screen::Impl::take(int kind, wint_t c, std::vector<ModelEvent>& out) {
  if (pasting) return take_paste(kind, c, out);
  const bool alt = std::exchange(escaped, false);
  if (kind == KEY_CODE_YES) {
    if (c == static_cast<wint_t>(kPasteBegin)) pasting = true;
    else if (const auto key = function_key(static_cast<int>(c))) out.push_back(KeyPressed{*key, {}});
    return;
  }
  if (c == 0x1b) {
    escaped = true;
    return;
  }
  if (const auto key = control_key(c)) {
    out.push_back(KeyPressed{alt && *key == Key::enter ? Key::newline : *key, {}});
  } else if (!alt && c >= 0x20 && (c < 0x80 || c >= 0xa0)) {
    out.push_back(KeyPressed{Key::character, to_utf8(c)});
  }
}

std::vector<ModelEvent> Screen::read_input() {
  std::vector<ModelEvent> out;
  for (int i = 0; i < 65'536; ++i) {  // a bound: someone may type faster than we read
    wint_t c = 0;
    const int kind = ::wget_wch(stdscr, &c);
    if (kind == ERR) {
      // Readable and yet nothing to read, at once: the terminal has hung up.
      if (i == 0) {
        int waiting = 0;
        impl_->ended = ::isatty(STDIN_FILENO) == 0 || (::ioctl(STDIN_FILENO, FIONREAD, &waiting) != 0);
      }
      break;
    }
    impl_->take(kind, c, out);
  }
  if (!impl_->pasting) impl_->escaped = false;
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

void Screen::repaint() { ::clearok(stdscr, TRUE); }

bool Screen::at_end() const { return impl_->ended; }

}  // namespace comm
