#include "screen_fixture.h"

using namespace comm;
using namespace comm::test;

BOOST_FIXTURE_TEST_SUITE(model_suite, ScreenFixture)

BOOST_AUTO_TEST_CASE(enter_sends_once_and_clears_the_draft) {
  open(bob);
  line("Hi there!");
  const auto sent = asked<DoSend>();
  BOOST_REQUIRE_EQUAL(sent.size(), 1u);
  BOOST_TEST(sent[0].text == "Hi there!");
  BOOST_CHECK(sent[0].to == bob);
  BOOST_TEST(model.editor.empty());
  key("Enter");
  BOOST_TEST(asked<DoSend>().empty());
}

BOOST_AUTO_TEST_CASE(address_text_retargets_while_typing_and_opens_the_window) {
  type(address_hex(stranger) + " Hello");
  BOOST_CHECK(addressee(model) == stranger);
  BOOST_TEST(shows("[77ab..10fe]> "));
  key("Enter");
  const auto sent = asked<DoSend>();
  BOOST_REQUIRE_EQUAL(sent.size(), 1u);
  BOOST_CHECK(sent[0].to == stranger);
  BOOST_TEST(sent[0].text == "Hello");
  BOOST_CHECK((model.window == WindowRef{Page::talk, stranger}));
}

BOOST_AUTO_TEST_CASE(a_mistyped_address_asks_and_enter_means_no) {
  open(bob);
  for (const std::string& typed : {address_hex(stranger).substr(1) + " hi", address_hex(stranger) + "0 hi"}) {
    line(typed);
    BOOST_REQUIRE(model.question.has_value());
    BOOST_TEST(shows("characters, an address needs 40. Send to bob as text? [y/N]") == (model.columns >= 80));
    feed(Resized{24, 80});
    BOOST_TEST(shows(typed.size() == 42 ? "39 characters, an address needs 40. Send to bob as text? [y/N]"
                                        : "41 characters, an address needs 40. Send to bob as text? [y/N]"));
    key("Enter");
    BOOST_TEST(!model.question.has_value());
    BOOST_TEST(asked<DoSend>().empty());
    BOOST_TEST(model.editor.text() == typed);
    key("C-u");
    feed(Resized{12, 60});
  }
  line(address_hex(stranger).substr(1) + " hi");
  type("y");
  const auto sent = asked<DoSend>();
  BOOST_REQUIRE_EQUAL(sent.size(), 1u);
  BOOST_CHECK(sent[0].to == bob);
  BOOST_TEST(sent[0].text == address_hex(stranger).substr(1) + " hi");
}

BOOST_AUTO_TEST_CASE(refused_lines_keep_the_draft) {
  for (const std::string typed : {"/nope", "/msg nobody hi", "to whom", "/add 123 x"}) {
    line(typed);
    BOOST_TEST(asked<DoSend>().empty());
    BOOST_TEST(model.editor.text() == typed);
    BOOST_TEST(!model.notice.empty());
    key("C-u");
  }
}

BOOST_AUTO_TEST_CASE(paste_never_sends_and_is_never_a_command) {
  open(bob);
  feed(Pasted{"/quit\r\nhi\rthere\n"});
  BOOST_TEST(asked<DoSend>().empty());
  BOOST_TEST(model.editor.text() == "/quit\nhi\nthere");
  key("Enter");
  const auto sent = asked<DoSend>();
  BOOST_REQUIRE_EQUAL(sent.size(), 1u);
  BOOST_TEST(sent[0].text == "/quit\nhi\nthere");
  feed(Pasted{"a\x1b[31m\xff" "b"});
  BOOST_TEST(model.editor.text() == "a[31mb");
  key("C-u");
  line("/quit");  // a typed line is a command again
  BOOST_TEST(asked<DoQuit>().size() == 1u);
}

BOOST_AUTO_TEST_CASE(states_find_their_message_by_ref_then_sequence) {
  open(bob);
  for (const char* text : {"one", "two"}) {
    line(text);
    taken(asked<DoSend>().at(0), DeliveryState::sealed);
  }
  state(1, DeliveryState::relayed, 3);
  BOOST_TEST((model.talk.entries[0].state == DeliveryState::relayed));
  BOOST_TEST(model.talk.entries[0].relays == 3u);
  BOOST_TEST((model.talk.entries[1].state == DeliveryState::sealed));
  state(1, DeliveryState::delivered, 3, true);
  feed(Resized{24, 80});
  BOOST_TEST(shows("✓ (late)"));
}

BOOST_AUTO_TEST_CASE(what_could_not_be_saved_is_a_draft_again) {
  open(bob);
  line("important");
  const auto ref = asked<DoSend>().at(0).ref;
  feed(UserEvent{UserError{"Disk full: message NOT saved.", ref}});
  BOOST_TEST(model.editor.text() == "important");
  BOOST_TEST(model.talk.entries.empty());
  BOOST_TEST(model.notice == "Disk full: message NOT saved. Draft kept in memory.");
  BOOST_TEST(asked<DoBell>().size() == 1u);
}

BOOST_AUTO_TEST_CASE(nothing_is_lost_wherever_the_reader_has_gone_when_the_disk_refuses) {
  person(carol, "carol");
  past(bob, true, kNoon, "first", DeliveryState::needs_key);
  line(address_hex(bob) + " first");  // its window opens and shows what the history has of it so far
  BOOST_TEST(model.talk.entries.size() == 1u);
  line("second");
  const auto sent = asked<DoSend>();
  BOOST_REQUIRE_EQUAL(sent.size(), 2u);
  history.clear();
  feed(UserEvent{UserError{"Disk full: message NOT saved.", sent[0].ref}});
  BOOST_TEST(model.editor.text() == "first");
  BOOST_TEST(model.talk.entries.empty());
  open(carol);
  feed(UserEvent{UserError{"Disk full: message NOT saved.", sent[1].ref}});
  BOOST_TEST(model.editor.empty());
  BOOST_TEST(model.notice == "Disk full: message NOT saved. It is the draft for bob again.");
  open(bob);
  BOOST_TEST(model.editor.text() == "first\nsecond");
  feed(UserEvent{UserError{"Disk full: message NOT saved.", sent[1].ref}});  // once
  BOOST_TEST(model.editor.text() == "first\nsecond");
}

BOOST_AUTO_TEST_CASE(a_message_is_shown_once) {
  open(bob);
  received(bob, "Hi");
  feed(UserEvent{Received{uid_of(1), bob, "Hi", kNoon, kNoon, false, 1}});
  BOOST_TEST(model.talk.entries.size() == 1u);
}

BOOST_AUTO_TEST_CASE(clear_keeps_in_history_and_twice_leaves) {
  type("draft");
  key("C-c");
  BOOST_TEST(model.editor.empty());
  key("Up");
  BOOST_TEST(model.editor.text() == "draft");
  key("C-c");  // any other key disarmed it
  BOOST_TEST(asked<DoQuit>().empty());
  key("C-c");
  BOOST_TEST(asked<DoQuit>().size() == 1u);
}

BOOST_AUTO_TEST_CASE(each_window_has_its_draft) {
  person(carol, "carol");
  open(bob);
  type("for bob");
  open(carol);
  BOOST_TEST(model.editor.empty());
  type("for carol");
  key("M-1");
  BOOST_TEST(model.editor.text() == "for bob");
  const auto drafts = take_unsaved_drafts(model);
  BOOST_REQUIRE_EQUAL(drafts.size(), 2u);
  std::map<Address, std::string> texts;
  for (const SetDraft& draft : drafts) texts[draft.peer] = draft.text;
  BOOST_TEST(texts[bob] == "for bob");
  BOOST_TEST(texts[carol] == "for carol");
  BOOST_TEST(take_unsaved_drafts(model).empty());
}

BOOST_AUTO_TEST_CASE(unread_is_read_when_seen_and_only_then) {
  person(carol, "carol");
  open(bob);
  received(carol, "psst");
  BOOST_TEST(commands<MarkRead>().empty());
  BOOST_TEST(contact_of(model, carol)->unread == 1u);
  key("M-a");
  BOOST_CHECK((model.window == WindowRef{Page::talk, carol}));
  BOOST_TEST(commands<MarkRead>().size() == 1u);
  feed(Resized{12, 80});
  BOOST_TEST(shows("---- 1 new ---"));
  feed(FocusChanged{false});
  received(carol, "again");
  received(carol, "and again");
  BOOST_TEST(commands<MarkRead>().empty());
  feed(FocusChanged{true});
  BOOST_TEST(commands<MarkRead>().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_request_is_unread_too) {
  people[stranger].unread = 1;
  received(stranger, "may I?");
  key("M-a");
  BOOST_CHECK((model.window == WindowRef{Page::talk, stranger}));
  key("M-0");
  key("M-a");
  BOOST_TEST(model.notice == "Everything is read.");
}

BOOST_AUTO_TEST_CASE(who_has_no_name_is_named_once) {
  feed(Resized{24, 80});
  open(carol);
  BOOST_TEST(shows("|c440..0001"));
  BOOST_TEST(!shows("c440..0001  c440..0001"));
}

BOOST_AUTO_TEST_CASE(one_bell_while_away) {
  open(bob);
  received(bob, "here");
  BOOST_TEST(asked<DoBell>().empty());
  feed(FocusChanged{false});
  received(bob, "one");
  received(bob, "two");
  BOOST_TEST(asked<DoBell>().size() == 1u);
  people[bob].muted = true;
  feed(FocusChanged{true});
  feed(FocusChanged{false});
  received(bob, "three");
  BOOST_TEST(asked<DoBell>().empty());
}

BOOST_AUTO_TEST_CASE(scrollback_does_not_jump_while_messages_arrive) {
  for (int i = 0; i < 300; ++i) past(bob, i % 2 != 0, kNoon - kHour, "message " + std::to_string(i));
  open(bob);
  BOOST_TEST(shows("message 299"));
  for (int i = 0; i < 20; ++i) {
    key("PgUp");
    screen();
  }
  const auto before = rows();
  BOOST_TEST(!shows("message 299"));
  for (int i = 0; i < 30; ++i) received(bob, "new " + std::to_string(i));
  const auto after = rows();
  for (std::size_t i = 1; i + 4 < before.size(); ++i) BOOST_TEST(before[i] == after[i]);
  BOOST_TEST(shows("30 new below"));
  for (int i = 0; i < 60 && model.talk.anchor; ++i) {
    key("PgDn");
    screen();
  }
  BOOST_TEST(!model.talk.anchor.has_value());
  BOOST_TEST(shows("new 29"));
  key("C-Home");
  BOOST_TEST(shows("message 0"));
  key("C-End");
  BOOST_TEST(shows("new 29"));
}

BOOST_AUTO_TEST_CASE(what_arrives_below_an_old_part_is_counted) {
  for (int i = 0; i < 300; ++i) past(bob, false, kNoon - kHour, "line " + std::to_string(i));
  feed(OpenWindow{{Page::talk, bob}});
  feed(page(DoOpen{bob, 20}));
  BOOST_TEST(!model.talk.at_end);
  BOOST_TEST(shows("older messages, C-End shows the newest"));
  received(bob, "one");
  received(bob, "two");
  BOOST_TEST(shows("2 new below"));
  feed(UserEvent{Received{uid_of(1), bob, "two", kNoon, kNoon, false, history.back().sequence}});  // repeated
  BOOST_TEST(shows("2 new below"));
  key("C-End");
  BOOST_TEST(shows("two"));
  BOOST_TEST(!shows("new below"));
}

BOOST_AUTO_TEST_CASE(being_alone_is_said_until_there_is_a_peer) {
  open(bob);
  feed(Alone{kNoon - 2 * kMinute, "seed.example:4242"});
  feed(Resized{24, 120});
  BOOST_TEST(shows("No peers for 2m. Tried seed.example:4242 (no answer)."));
  BOOST_TEST(shows("Messages are kept. /connect HOST:PORT"));
  feed(Clock{kNoon + 3 * kMinute, 0});
  key("Esc");
  BOOST_TEST(shows("No peers for 5m."));
  feed(OpenWindow{{Page::home, {}}});
  BOOST_TEST(shows("No peers for 5m."));
  feed(UserEvent{PeerStatus{0, 0}});
  BOOST_TEST(shows("No peers for 5m."));
  feed(UserEvent{PeerStatus{1, 1}});
  BOOST_TEST(!shows("No peers"));
}

BOOST_AUTO_TEST_CASE(a_key_that_is_not_found_is_said) {
  feed(Resized{40, 120});
  open(bob);
  line("hello");
  taken(asked<DoSend>().at(0), DeliveryState::needs_key);
  feed(Clock{kNoon + kMinute - 1, 0});
  BOOST_TEST(shows("|state  looking for"));
  BOOST_TEST(!shows("No key found"));
  feed(Clock{kNoon + kMinute, 0});
  BOOST_TEST(shows("No key found for 9f31..77c0. Held;"));  // below the message
  BOOST_TEST(shows("retrying until 25 Nov. Check the"));
  BOOST_TEST(shows("address."));
  BOOST_TEST(shows("|state  No key found"));  // and in the info pane
}

BOOST_AUTO_TEST_CASE(every_message_can_be_scrolled_to) {
  for (int i = 0; i < 200; ++i) past(bob, false, kNoon - kHour, "number " + std::to_string(i) + ".");
  open(bob);
  std::set<int> seen;
  const auto look = [&] {
    const std::string text = screen();
    for (int i = 0; i < 200; ++i)
      if (text.find("number " + std::to_string(i) + ".") != std::string::npos) seen.insert(i);
  };
  look();
  for (int i = 0; i < 80; ++i) {
    key("PgUp");
    look();
  }
  BOOST_TEST(seen.size() == 200u);
}

BOOST_AUTO_TEST_CASE(a_search_hit_opens_where_it_stands) {
  for (int i = 0; i < 300; ++i) past(bob, false, kNoon - kHour, "line " + std::to_string(i));
  history[100].text = "The Needle in it";
  key("C-f");
  type("needle");
  key("Enter");
  const auto searches = asked<DoSearch>();
  BOOST_REQUIRE_EQUAL(searches.size(), 1u);
  BOOST_TEST(searches[0].query == "needle");
  feed(Found{"needle", {history[100]}, 0});
  BOOST_TEST(shows("1 found"));
  key("Enter");
  BOOST_TEST(shows("The Needle in it"));
  BOOST_TEST(model.talk.selected == 101u);
}

BOOST_AUTO_TEST_CASE(requests_are_accepted_before_they_reach_the_list) {
  people[stranger].address = stranger;
  contacts_changed();
  received(stranger, "hello, you do not know me");
  BOOST_TEST(asked<DoBell>().empty());
  BOOST_TEST(contact_order(model).size() == 1u);
  BOOST_TEST(request_order(model).size() == 1u);
  line("/accept Zoe");
  const auto added = commands<AddContact>();
  BOOST_REQUIRE_EQUAL(added.size(), 1u);
  BOOST_CHECK(added[0].address == stranger);
  BOOST_TEST(added[0].name == "Zoe");
  line("/decline");
  BOOST_TEST(commands<DeclineRequest>().empty());
  type("y");
  BOOST_TEST(commands<DeclineRequest>().size() == 1u);
}

BOOST_AUTO_TEST_CASE(five_hundred_strangers_take_one_line) {
  for (int i = 0; i < 500; ++i) {
    Address address = stranger;
    address.data[18] = static_cast<std::uint8_t>(i / 256);
    address.data[19] = static_cast<std::uint8_t>(i % 256);
    people[address].address = address;
  }
  feed(Resized{24, 80});
  contacts_changed();
  BOOST_TEST(shows("500 requests"));
  const std::string text = screen();
  BOOST_TEST(std::count(text.begin(), text.end(), '?') <= 1);
}

BOOST_AUTO_TEST_CASE(verify_marks_after_comparison) {
  open(bob);
  line("/verify");
  BOOST_TEST(commands<VerifyContact>().empty());
  line("/verify ok");
  const auto verified = commands<VerifyContact>();
  BOOST_REQUIRE_EQUAL(verified.size(), 1u);
  BOOST_TEST(verified[0].verified);
  BOOST_TEST(!model.overlay.has_value());
}

BOOST_AUTO_TEST_CASE(a_conflict_shows_a_banner_until_verified) {
  feed(Resized{24, 80});
  open(bob);
  feed(UserEvent{KeyConflict{bob}});
  BOOST_TEST(shows("!! Two different key records of the same number"));
  key("Esc");
  BOOST_TEST(shows("!! Two different key records of the same number"));
  line("/verify bob ok");
  key("Esc");
  BOOST_TEST(!shows("Two different key records"));
}

BOOST_AUTO_TEST_CASE(commands_about_the_selected_message) {
  past(bob, true, kNoon, "first", DeliveryState::expired);
  past(bob, true, kNoon, "second", DeliveryState::relayed, 2);
  open(bob);
  line("/cancel");
  BOOST_CHECK(commands<CancelMessage>().at(0).uid == uid_of(2));
  key("M-k");
  key("M-k");
  line("/retry");
  BOOST_CHECK(commands<RetryMessage>().at(0).uid == uid_of(1));
}

BOOST_AUTO_TEST_CASE(tab_completes_commands_names_and_addresses) {
  person(carol, "carol");
  type("/ver");
  key("Tab");
  BOOST_TEST(model.editor.text() == "/verify ");
  type("ca");
  key("Tab");
  BOOST_TEST(model.editor.text() == "/verify carol ");
  key("C-u");
  type("/re");
  key("Tab");
  const std::string first = model.editor.text();
  key("Tab");
  BOOST_TEST(model.editor.text() != first);
  key("C-u");
  type(address_hex(bob).substr(0, 6));
  key("Tab");
  BOOST_TEST(model.editor.text() == address_hex(bob) + " ");
}

BOOST_AUTO_TEST_CASE(keys_can_be_bound_anew) {
  BOOST_TEST(model.keymap.bind("send", {"C-s"}));
  BOOST_TEST(!model.keymap.bind("no_such_action", {"C-s"}));
  open(bob);
  type("hi");
  key("Enter");
  BOOST_TEST(asked<DoSend>().empty());
  key("C-s");
  BOOST_TEST(asked<DoSend>().size() == 1u);
}

BOOST_AUTO_TEST_CASE(key_names) {
  BOOST_TEST(parse_key_name("ctrl-A").value() == "C-a");
  BOOST_TEST(parse_key_name("M-Enter").value() == "M-Enter");
  BOOST_TEST(parse_key_name("alt-pgup").value() == "M-PgUp");
  BOOST_TEST(parse_key_name("f12").value() == "F12");
  BOOST_TEST(parse_key_name("C-Home").value() == "C-Home");
  for (const char* bad : {"", "C-", "f13", "C-1", "hello", "M-"}) BOOST_TEST(!parse_key_name(bad).has_value());
}

BOOST_AUTO_TEST_CASE(too_long_is_refused_and_kept) {
  open(bob);
  feed(Pasted{std::string(kMaxTextBytes + 1, 'x')});
  key("Enter");
  BOOST_TEST(asked<DoSend>().empty());
  BOOST_TEST(model.editor.text().size() == kMaxTextBytes + 1);
}

BOOST_AUTO_TEST_CASE(only_a_peer_from_outside_that_dialled_proves_that_this_node_is_reached) {
  const auto peer = [](const char* endpoint, bool dialled) {
    return NodeCore::PeerInfo{{}, parse_endpoint(endpoint).value(), Role::relay, dialled};
  };
  BOOST_TEST(!is_reached({}));
  BOOST_TEST(!is_reached({peer("127.0.0.1:6667", false), peer("192.168.1.7:6667", false)}));
  BOOST_TEST(!is_reached({peer("203.0.113.5:6667", true)}));
  BOOST_TEST(is_reached({peer("10.0.0.2:6667", true), peer("203.0.113.5:6667", false)}));
}

BOOST_AUTO_TEST_SUITE_END()
