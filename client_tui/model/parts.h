// What the parts of update() share. Private to client_tui/model; each function changes the model it is given and may
// append to the actions.
#pragma once
#include "client_tui/model/model.h"

namespace comm::model {

using Actions = std::vector<Action>;

template <class... Ts>
struct Overload : Ts... { using Ts::operator()...; };
template <class... Ts>
Overload(Ts...) -> Overload<Ts...>;

// --- model.cc ---
void say(Model& model, std::string text);        // into the log, and shown until the user goes on
Address draft_key(const Model& model);           // whose draft the editor holds

// --- windows.cc ---
void open_window(Model& model, const WindowRef& window, Actions& out, std::uint64_t show = 0);
void open_next_unread(Model& model, Actions& out);
void step_window(Model& model, int by, Actions& out);
void open_numbered(Model& model, int number, Actions& out);
void page(Model& model, bool up, Actions& out);
void to_oldest(Model& model, Actions& out);
void to_newest(Model& model, Actions& out);
void select(Model& model, bool older);
void mark_read(Model& model, Actions& out);      // if the user sees the newest message
void load(Model& model, const ConversationLoaded& loaded, Actions& out);
void load(Model& model, const OlderLoaded& loaded);
void load(Model& model, const NewerLoaded& loaded, Actions& out);
void viewed(Model& model, const Viewed& viewed, Actions& out);
void arrived(Model& model, const Received& received, Actions& out);
void state_changed(Model& model, const StateChanged& change);
void send_refused(Model& model, const UserError& error, Actions& out);

// --- sending.cc ---
void submit(Model& model, Actions& out);
void send(Model& model, const Address& to, const std::string& text, Actions& out);
void answer(Model& model, bool yes, Actions& out);  // the open question
void remember_sent(Model& model, const std::string& text);
std::optional<Address> find_peer(const Model& model, std::string_view name, std::string& why);

// --- run_command.cc ---
// False: the draft stays, something is wrong with it.
bool run_command(Model& model, const LineCommand& line, Actions& out);

// --- overlays.cc ---
void open_text(Model& model, std::string title, std::vector<std::string> lines);
void open_help(Model& model, const CommandSpec* command);
void open_address(Model& model, const Address& address);
void open_switcher(Model& model);
void open_search(Model& model, std::string text, Actions& out);
void found(Model& model, const Found& found, Actions& out);
bool overlay_key(Model& model, const KeyPressed& press, std::optional<KeyBinding> binding, Actions& out);

// --- keys.cc ---
void on_key(Model& model, const KeyPressed& press, Actions& out);
void on_paste(Model& model, const Pasted& pasted);
void complete(Model& model);

}  // namespace comm::model
