#include "node/main/json_protocol.h"

#include <boost/test/unit_test.hpp>

#include "node/main/line_reader.h"
#include "proto/base/bech32m.h"

using namespace comm;

namespace {
const std::string kHex = "44751799aabbccddeeff00112233445566d51900";
std::string what_is_wrong(std::string_view line) {
  const JsonCommand command = parse_json_command(line);
  const auto* bad = std::get_if<JsonBad>(&command);
  return bad != nullptr ? bad->what : "";
}
std::string send_to(const std::string& address) { return R"({"cmd":"send","text":"x","to":")" + address + "\"}"; }
}  // namespace

BOOST_AUTO_TEST_SUITE(json_protocol)

BOOST_AUTO_TEST_CASE(send_keeps_any_ref_verbatim) {
  for (const std::string ref : {"1", "\"a\"", "null", R"({"a":[1,2.5,true]})"}) {
    const JsonCommand command =
        parse_json_command(R"({"cmd":"send","to":")" + kHex + R"(","text":"Hi","ref":)" + ref + "}");
    BOOST_REQUIRE(std::holds_alternative<JsonSend>(command));
    BOOST_TEST(std::get<JsonSend>(command).ref == ref);
    const std::string line = json_user(StateChanged{{}, {}, ref, DeliveryState::relayed, 3, false, {}});
    BOOST_TEST(line == R"({"ev":"state","uid":"00000000000000000000000000000000","ref":)" + ref +
                           R"(,"state":"relayed","relays":3})");
  }
}

BOOST_AUTO_TEST_CASE(bad_addresses_say_why) {
  BOOST_TEST(what_is_wrong(send_to(kHex.substr(1))).find("39 characters") != std::string::npos);
  BOOST_TEST(what_is_wrong(send_to(kHex + "0")).find("41 characters") != std::string::npos);
  std::string bech = address_bech32m(*parse_address(kHex));
  bech.back() = bech.back() == 'q' ? 'p' : 'q';
  BOOST_TEST(what_is_wrong(send_to(bech)).find("checksum") != std::string::npos);
  BOOST_TEST(!what_is_wrong(send_to("bob")).empty());
}

BOOST_AUTO_TEST_CASE(hostile_lines_are_errors) {
  for (const std::string& line : std::vector<std::string>{
           "", "{", "[]", "1", "null", "{\"cmd\":1}", "{}", "{\"cmd\":\"send\"}", "{\"cmd\":\"send\",\"to\":1,\"text\":\"x\"}",
           "{\"cmd\":\"quit\xff\"}", std::string(1'000'000, '['), "{\"cmd\":\"tick\"}", "{\"cmd\":\"tick\",\"ms\":1e999}",
           R"({"cmd":"\ud800"})", std::string((1 << 20) + 1, ' ')})
    BOOST_TEST(!what_is_wrong(line).empty(), line.substr(0, 40));
  BOOST_TEST(what_is_wrong(R"({"cmd":"quit","x":[[[[[[[[1]]]]]]]]})").find("deeper") != std::string::npos);
  BOOST_TEST(what_is_wrong(R"({"cmd":"quit","x":"[[[[[[[[[["})").empty());  // brackets in a string are text
}

BOOST_AUTO_TEST_CASE(other_commands) {
  BOOST_TEST(std::holds_alternative<JsonQuit>(parse_json_command(R"({"cmd":"quit"})")));
  BOOST_TEST(std::get<JsonTick>(parse_json_command(R"({"cmd":"tick","ms":5})")).milliseconds == 5);
  const auto step = std::get<JsonTick>(parse_json_command(R"({"cmd":"step","ms":-5})"));
  BOOST_TEST((step.step && step.milliseconds == -5));
  const auto block = std::get<JsonBlock>(parse_json_command(R"({"cmd":"block","address":")" + kHex + R"("})"));
  BOOST_TEST((block.blocked && block.address == *parse_address(kHex)));
  BOOST_TEST(!std::get<JsonBlock>(parse_json_command(R"({"cmd":"block","blocked":false,"address":")" + kHex + R"("})")).blocked);
  const auto withdraw = std::get<JsonWithdraw>(parse_json_command(R"({"cmd":"withdraw","uid":"000102030405060708090a0b0c0d0e0f"})"));
  BOOST_TEST(to_hex(withdraw.uid.view()) == "000102030405060708090a0b0c0d0e0f");
  for (const char* line : {R"({"cmd":"block"})", R"({"cmd":"block","address":7})", R"({"cmd":"withdraw","uid":"00"})",
                           R"({"cmd":"withdraw","uid":[]})", R"({"cmd":"step","ms":"1"})"})
    BOOST_TEST(!what_is_wrong(line).empty(), line);
  BOOST_TEST(std::get<JsonUnknown>(parse_json_command(R"({"cmd":"dance"})")).what == "dance");
}

BOOST_AUTO_TEST_CASE(events) {
  Ready ready;
  ready.endpoint = "127.0.0.1:1";
  BOOST_TEST(json_ready(ready).find("address") == std::string::npos);  // a relay has none
  ready.address = *parse_address(kHex);
  BOOST_TEST(json_ready(ready) == R"({"ev":"ready","v":1,"address":")" + kHex + R"(","endpoint":"127.0.0.1:1","node_id":")" +
                                      std::string(40, '0') + "\"}");
  const std::string received = json_user(Received{{}, {}, "a\n\"\x1b", 5, 6, true});
  BOOST_TEST(received.find(R"("text":"a\n\"\u001b","request":true,"sent_at":5)") != std::string::npos);
  BOOST_TEST(json_user(PeerStatus{1, 1}).empty());
  BOOST_TEST(json_user(UserError{"no", "7"}) == R"({"ev":"error","what":"no","ref":7})");
  const std::string late = json_user(StateChanged{{}, {}, "", DeliveryState::delivered, 1, true, "x"});
  BOOST_TEST(late.find(R"("ref":null,"state":"delivered","relays":1,"late":true,"detail":"x")") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(lines_are_read_whole_and_bounded) {
  std::vector<std::string> lines;
  int too_long = 0, ends = 0;
  LineReader reader(8, {[&](std::string_view line) { lines.emplace_back(line); }, [&] { ++too_long; }, [&] { ++ends; }});
  reader.feed("ab");
  reader.feed("c\n\nlonger than eight");
  reader.feed(" still\nok\n12345678\n123456789\nlast");
  reader.finish();
  reader.finish();
  BOOST_TEST((lines == std::vector<std::string>{"abc", "", "ok", "12345678", "last"}));
  BOOST_TEST(too_long == 2);
  BOOST_TEST(ends == 1);
}

BOOST_AUTO_TEST_SUITE_END()
