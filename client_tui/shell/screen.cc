#include "client_tui/shell/screen.h"

#include "client_tui/shell/key_decoder.h"

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
#include <iterator>

// term.h has them as macros all the same.
#undef erase
#undef lines
#undef columns
#undef newline

namespace comm {
namespace {

// Codes of our own beyond ncurses' KEY_MAX, bound to sequences by define_key.
enum OwnKey : int {
  kPasteBegin = KEY_MAX + 1, kPasteEnd, kFocusIn, kFocusOut, kFirstNamed
};
// Bracketed paste and focus reports.
constexpr char kReportsOn[] = "\033[?2004h\033[?1004h", kReportsOff[] = "\033[?1004l\033[?2004l";

// Sequences that terminfo does not tell of: xterm's modified keys, which most terminals send.
struct NamedSequence { const char* sequence; const char* name; };
constexpr NamedSequence kSequences[] = {
    {"\033[1;5H", "C-Home"},  {"\033[1;5F", "C-End"},   {"\033[1;3A", "M-Up"},   {"\033[1;3B", "M-Down"},
    {"\033[1;3C", "M-Right"}, {"\033[1;3D", "M-Left"},  {"\033[1;5C", "C-Right"}, {"\033[1;5D", "C-Left"},
    {"\033[1;5A", "C-Up"},    {"\033[1;5B", "C-Down"},  {"\033[5;5~", "C-PgUp"}, {"\033[6;5~", "C-PgDn"},
    {"\033[5;3~", "M-PgUp"},  {"\033[6;3~", "M-PgDn"},  {"\033[1;3H", "M-Home"}, {"\033[1;3F", "M-End"},
    {"\033[7^", "C-Home"},    {"\033[8^", "C-End"},     {"\033\015", "M-Enter"}, {"\033\177", "M-Backspace"},
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

const char* function_key_name(int code) {
  static constexpr const char* kFunction[] = {"F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "F10", "F11", "F12"};
  if (code > KEY_F(0) && code <= KEY_F(12)) return kFunction[code - KEY_F(1)];
  switch (code) {
    case KEY_ENTER: return "Enter";
    case KEY_BACKSPACE: return "Backspace";
    case KEY_DC: return "Delete";
    case KEY_IC: return "Insert";
    case KEY_LEFT: return "Left";
    case KEY_RIGHT: return "Right";
    case KEY_UP: return "Up";
    case KEY_DOWN: return "Down";
    case KEY_HOME: return "Home";
    case KEY_END: return "End";
    case KEY_PPAGE: return "PgUp";
    case KEY_NPAGE: return "PgDn";
    default: return nullptr;
  }
}

TerminalKey translate(int kind, wint_t c) {
  TerminalKey out;
  if (kind != KEY_CODE_YES) {
    out.kind = TerminalKey::character;
    out.code = static_cast<std::uint32_t>(c);
    return out;
  }
  const int code = static_cast<int>(c);
  switch (code) {
    case kPasteBegin: out.kind = TerminalKey::paste_begin; return out;
    case kPasteEnd: out.kind = TerminalKey::paste_end; return out;
    case kFocusIn: out.kind = TerminalKey::focus_in; return out;
    case kFocusOut: out.kind = TerminalKey::focus_out; return out;
    default: break;
  }
  const int index = code - kFirstNamed;
  const char* name = index >= 0 && index < static_cast<int>(std::size(kSequences)) ? kSequences[index].name
                                                                                      : function_key_name(code);
  if (name == nullptr) return out;
  out.kind = TerminalKey::named;
  out.name = name;
  return out;
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
  bool color = false;
  bool ended = false;
  KeyDecoder decoder;
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
  ::define_key("\033[I", kFocusIn);
  ::define_key("\033[O", kFocusOut);
  for (std::size_t i = 0; i < std::size(kSequences); ++i)
    ::define_key(kSequences[i].sequence, static_cast<int>(kFirstNamed + i));
  write_quietly(kReportsOn, sizeof kReportsOn - 1);
  arm_rescue();
  return std::unique_ptr<Screen>(new Screen(std::move(impl)));
}

Screen::~Screen() {
  write_quietly(kReportsOff, sizeof kReportsOff - 1);
  ::endwin();
  ::delscreen(impl_->terminal);
  g_rescue.armed = 0;
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
    impl_->decoder.take(translate(kind, c), out);
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
