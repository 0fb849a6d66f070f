#include "tests/unit/store/store_fixture.h"

#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace comm::test {

TempDir::TempDir() {
  std::string pattern = (std::filesystem::temp_directory_path() / "comm-store-XXXXXX").string();
  BOOST_REQUIRE(::mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

HeaderBytes header_of(const MessageSpec& spec) {
  Bytes out{1, 1, 0, 0};
  put_be(out, spec.expires);
  put_be(out, std::uint32_t{0x00080000} | std::uint32_t{spec.effort} << 8);  // lifetime 8, effort, reserved 0
  append(out, mailbox_id(spec.mailbox).view());
  out.resize(kHeaderBytes, static_cast<std::uint8_t>(spec.number));
  return *HeaderBytes::from(out);
}

Bytes body_of(const MessageSpec& spec) {
  Bytes out(spec.body_bytes);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(spec.number * 31 + i * 7);
  return out;
}

PutMessage put_of(const MessageSpec& spec) {
  return {message_id(spec.number), header_of(spec),       id_of<StampNonce>(spec.number),
          body_of(spec),           node_id(spec.ingress), static_cast<Millis>(spec.number) + 1'000'000};
}

PutTombstone tombstone_of(const MessageSpec& spec, Custody kind, bool foreign) {
  Bytes record = to_bytes(header_of(spec).view());
  record.resize(kind == Custody::acknowledged ? kAckRecordBytes : kRefusalRecordBytes,
                static_cast<std::uint8_t>(kind));
  return {message_id(spec.number), kind, std::move(record), node_id(spec.ingress), foreign};
}

StoreUnderTest::StoreUnderTest(StoreKind kind) : kind_(kind), path_(directory_.path() + "/store") { open(); }

void StoreUnderTest::open() {
  if (kind_ == StoreKind::mem) {
    store_ = make_mem_store();
    return;
  }
  OpenResult opened = open_leveldb_store(path_);
  BOOST_REQUIRE_MESSAGE(opened.store, opened.detail);
  store_ = std::move(opened.store);
}

Ticket StoreUnderTest::stage(std::vector<StoreOp> ops) {
  store_->stage(++ticket_, ops);
  return ticket_;
}

void StoreUnderTest::commit() {
  const std::unique_ptr<WriteSet> set = store_->take();
  if (!set) return;
  BOOST_REQUIRE(store_->commit({&set, 1}) == CommitResult::ok);
  store_->committed(set->last_ticket());
}

void StoreUnderTest::crash() {
  ticket_ = 0;
  if (kind_ == StoreKind::mem) {
    store_->failed();
    return;
  }
  store_.reset();
  open();
}

pid_t spawn_test(const std::string& test, const std::vector<std::pair<std::string, std::string>>& environment) {
  const std::string run = "--run_test=" + test;
  const pid_t child = ::fork();
  BOOST_REQUIRE(child >= 0);
  if (child != 0) return child;
  for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
  ::execl("/proc/self/exe", "unit_store", run.c_str(), "--log_level=nothing", "--report_level=no", nullptr);
  ::_exit(127);
}

std::uint64_t directory_bytes(const std::string& path) {
  std::uint64_t out = 0;
  for (const auto& entry : std::filesystem::directory_iterator(path)) out += entry.file_size();
  return out;
}

bool directory_contains(const std::string& path, std::string_view text) {
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string all{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    if (all.find(text) != std::string::npos) return true;
  }
  return false;
}

}  // namespace comm::test
