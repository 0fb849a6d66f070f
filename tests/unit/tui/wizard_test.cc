#include "client_tui/view/wizard_view.h"

#include <boost/test/unit_test.hpp>
#include <clocale>

#include "proto/seal/os_random.h"

using namespace comm;

namespace {

struct First {
  Wizard wizard;
  First() {
    init_crypto();
    BOOST_REQUIRE(std::setlocale(LC_CTYPE, "C.UTF-8") != nullptr);
  }
  void type(std::string_view text) {
    for (const char c : text) wizard_update(wizard, KeyPressed{"", std::string(1, c)});
  }
  void line(std::string_view text) {
    type(text);
    key("Enter");
  }
  void key(const char* name) { wizard_update(wizard, KeyPressed{name, {}}); }
  std::string screen() {
    std::string out;
    const Picture picture = draw(wizard, {});
    for (int row = 0; row < picture.grid.rows(); ++row) out += picture.grid.row_text(row) + "\n";
    return out;
  }
  void made() {
    Bytes seed(32, 7);
    wizard.words.emplace(words_of(seed).view());
    wizard.asked_word = 3;
    wizard_made(wizard);
  }
};

bool at(const Wizard& wizard, WizardStep step) { return wizard.step == step; }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(wizard_suite, First)

BOOST_AUTO_TEST_CASE(a_short_passphrase_is_refused_and_gone) {
  type("1");
  line("seven 7");
  BOOST_TEST(at(wizard, WizardStep::passphrase));
  BOOST_TEST(wizard.trouble.starts_with("Too short"));
  BOOST_TEST(wizard.secret.bytes.empty());
  line("\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4");  // four characters of two bytes
  BOOST_TEST(at(wizard, WizardStep::passphrase));
  line("eight  8");
  BOOST_TEST(at(wizard, WizardStep::passphrase_again));
}

BOOST_AUTO_TEST_CASE(from_nothing_to_home) {
  type("1");
  type("correct horse");
  BOOST_TEST(screen().find("correct") == std::string::npos);
  BOOST_TEST(screen().find("*************") != std::string::npos);
  key("Enter");
  line("correct horse");
  line("alice");
  line("not an endpoint");
  BOOST_TEST(at(wizard, WizardStep::bootstrap));
  BOOST_TEST(!wizard.trouble.empty());
  for (const char* impossible : {"127.0.0.1:99999", "127.0.0.1:0", "relay.example:", ":4242"}) {
    key("C-u");
    line(impossible);
    BOOST_TEST(at(wizard, WizardStep::bootstrap), impossible);
  }
  key("C-u");
  line("relay.example:4242");
  BOOST_TEST(at(wizard, WizardStep::make));
  BOOST_TEST(wizard.protect);
  made();
  BOOST_TEST(screen().find(address_bech32m(wizard.address).substr(0, 20)) != std::string::npos);
  key("Enter");
  BOOST_TEST(screen().find("24 ") != std::string::npos);
  key("Enter");
  line("wrong");
  BOOST_TEST(at(wizard, WizardStep::words));
  key("Enter");
  line(word_at(as_text(wizard.words->view()), 3));
  BOOST_TEST(at(wizard, WizardStep::done));
  BOOST_TEST(wizard.name == "alice");
  BOOST_TEST(wizard.bootstrap == "relay.example:4242");
}

BOOST_AUTO_TEST_CASE(passphrases_are_long_equal_or_refused_explicitly) {
  type("1");
  line("short");
  BOOST_TEST(at(wizard, WizardStep::passphrase));
  BOOST_TEST(!wizard.trouble.empty());
  key("C-u");
  line("long enough");
  line("something else");
  BOOST_TEST(at(wizard, WizardStep::passphrase));
  key("Enter");
  BOOST_TEST(at(wizard, WizardStep::no_passphrase));
  key("Enter");
  BOOST_TEST(at(wizard, WizardStep::passphrase));
  key("Enter");
  type("y");
  BOOST_TEST(at(wizard, WizardStep::name));
  BOOST_TEST(!wizard.protect);
}

BOOST_AUTO_TEST_CASE(recovery_words_are_checked) {
  type("2");
  line("zoo zoo");
  BOOST_TEST(wizard.trouble.find("2 words") != std::string::npos);
  key("C-u");
  const Bytes key_bytes(32, 9);
  wizard_update(wizard, Pasted{std::string(as_text(words_of(key_bytes).view())) + "\n"});
  key("Enter");
  BOOST_TEST(at(wizard, WizardStep::passphrase));
  BOOST_REQUIRE(wizard.imported.has_value());
  BOOST_TEST((to_bytes(wizard.imported->view()) == key_bytes));
}

BOOST_AUTO_TEST_CASE(it_can_be_left_and_drawn_at_any_size) {
  for (const int rows : {1, 3, 4, 10, 24})
    for (const int columns : {1, 19, 20, 60, 80}) {
      wizard_update(wizard, Resized{rows, columns});
      BOOST_TEST(draw(wizard, {}).grid.rows() == rows);
    }
  key("Esc");
  BOOST_TEST(at(wizard, WizardStep::left));
}

BOOST_AUTO_TEST_SUITE_END()
