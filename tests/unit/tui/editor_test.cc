#include "client_tui/model/editor.h"

#include <boost/test/unit_test.hpp>

using comm::Editor;

BOOST_AUTO_TEST_SUITE(editor_suite)

BOOST_AUTO_TEST_CASE(the_cursor_moves_by_what_a_reader_sees) {
  const std::string family = "👨‍👩‍👧", flag = "🇳🇴", marked = "e\u0301";
  Editor editor;
  editor.insert("a" + family + flag + flag + marked + "z");
  for (const std::size_t expected : {std::string("z").size(), marked.size(), flag.size(), flag.size(), family.size()}) {
    const std::size_t before = editor.cursor();
    editor.left();
    BOOST_TEST(before - editor.cursor() == expected);
  }
  editor.right();
  editor.backspace();  // the whole family
  BOOST_TEST(editor.text() == "a" + flag + flag + marked + "z");
}

BOOST_AUTO_TEST_CASE(lines) {
  Editor editor;
  editor.insert("first\nsec\nthird");
  BOOST_TEST(editor.line_up());
  BOOST_TEST(editor.cursor() == 9u);  // the second is shorter
  BOOST_TEST(editor.line_up());
  BOOST_TEST(editor.cursor() == 3u);
  BOOST_TEST(!editor.line_up());
  editor.line_end();
  BOOST_TEST(editor.cursor() == 5u);
  editor.line_start();
  BOOST_TEST(editor.cursor() == 0u);
  BOOST_TEST(editor.line_down());
  BOOST_TEST(editor.line_down());
  BOOST_TEST(!editor.line_down());
}

BOOST_AUTO_TEST_CASE(words_are_cut_and_put_back) {
  Editor editor;
  editor.insert("one two  three");
  editor.cut_word();
  BOOST_TEST(editor.text() == "one two  ");
  editor.put_back();
  BOOST_TEST(editor.text() == "one two  three");
  editor.word_left();
  editor.word_left();
  BOOST_TEST(editor.cursor() == 4u);
  editor.cut_word_right();
  BOOST_TEST(editor.text() == "one   three");
  editor.cut_to_line_start();
  BOOST_TEST(editor.text() == "  three");
  editor.word_right();
  BOOST_TEST(editor.cursor() == 7u);
}

BOOST_AUTO_TEST_CASE(it_is_bounded) {
  Editor editor;
  BOOST_TEST(editor.insert(std::string(comm::kMaxEditorBytes, 'x')));
  BOOST_TEST(!editor.insert("y"));
  BOOST_TEST(editor.text().size() == comm::kMaxEditorBytes);
}

BOOST_AUTO_TEST_CASE(a_long_line_is_walked_from_its_end) {
  Editor editor;
  std::string text;
  for (int i = 0; i < 2'000; ++i) text += "word👍🏽 ";
  editor.insert(text);
  editor.backspace();
  editor.backspace();
  BOOST_TEST(editor.text().size() == text.size() - 9);
}

BOOST_AUTO_TEST_SUITE_END()
