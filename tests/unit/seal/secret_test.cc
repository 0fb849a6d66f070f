#include "proto/seal/secret.h"

#include <cstddef>

#include "proto/seal/message.h"
#include "tests/unit/wire/expect.h"

using namespace comm;

BOOST_AUTO_TEST_SUITE(secret)

BOOST_AUTO_TEST_CASE(moving_leaves_nothing_behind) {
  Secret<4> a;
  a.data()[0] = 7;
  Secret<4> b = std::move(a);
  BOOST_TEST(b.data()[0] == 7);
  BOOST_TEST(a.data()[0] == 0);  // NOLINT: reading a moved-from secret is the point
  Secret<4> c;
  c = std::move(b);
  BOOST_TEST(c.data()[0] == 7);
  BOOST_TEST(b.data()[0] == 0);  // NOLINT
  BOOST_TEST((c.copy() == c));
}

BOOST_AUTO_TEST_CASE(equality) {
  BOOST_TEST(secure_equal(Bytes{1, 2}, Bytes{1, 2}));
  BOOST_TEST(!secure_equal(Bytes{1, 2}, Bytes{1, 3}));
  BOOST_TEST(!secure_equal(Bytes{1, 2}, Bytes{1}));
  BOOST_TEST(secure_equal({}, {}));
}

BOOST_AUTO_TEST_CASE(locked_memory_is_aligned_for_every_size) {
  for (std::size_t size = 0; size < 70; ++size) {
    void* const memory = locked_alloc(size);
    BOOST_TEST(reinterpret_cast<std::uintptr_t>(memory) % alignof(std::max_align_t) == 0u);
    locked_free(memory);
  }
}

BOOST_AUTO_TEST_CASE(secret_bytes_move) {
  SecretBytes a(as_bytes("alep"));
  SecretBytes b = std::move(a);
  BOOST_TEST(as_text(b.view()) == "alep");
  SecretBytes c(as_bytes("other"));
  c = std::move(b);
  BOOST_TEST(as_text(c.view()) == "alep");
  BOOST_TEST(SecretBytes({}).view().empty());
}

BOOST_AUTO_TEST_CASE(at_rest) {
  Prng random(1);
  Secret<32> key;
  key.data()[5] = 1;
  const Bytes sealed = seal_at_rest(key, as_bytes("inbox"), as_bytes("hello"), random);
  BOOST_TEST(sealed.size() == 24u + 5u + 16u);
  const auto open = open_at_rest(key, as_bytes("inbox"), sealed);
  BOOST_REQUIRE(open);
  BOOST_TEST(as_text(*open) == "hello");
  BOOST_TEST(!open_at_rest(key, as_bytes("outbox"), sealed));
  BOOST_TEST(!open_at_rest(Secret<32>(), as_bytes("inbox"), sealed));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    Bytes wrong = sealed;
    wrong[i] ^= 0x80;
    BOOST_TEST(!open_at_rest(key, as_bytes("inbox"), wrong));
    BOOST_TEST(!open_at_rest(key, as_bytes("inbox"), ByteView(sealed).first(i)));
  }
  BOOST_TEST((seal_at_rest(key, {}, as_bytes("hello"), random) != seal_at_rest(key, {}, as_bytes("hello"), random)));
  BOOST_TEST(open_at_rest(key, {}, seal_at_rest(key, {}, {}, random))->empty());
}

BOOST_AUTO_TEST_SUITE_END()
