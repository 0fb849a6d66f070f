// What the store's tests share: messages made from small numbers, a private directory, and a store of either kind that
// can crash. One thread; each object owns its directory and removes it.
#pragma once
#include <sys/types.h>

#include <array>
#include <filesystem>
#include <memory>
#include <ostream>
#include <vector>

#include "relay_store/store.h"

namespace comm::test {

enum class StoreKind { mem, leveldb };
inline constexpr std::array kBothStores{StoreKind::mem, StoreKind::leveldb};
inline std::ostream& operator<<(std::ostream& out, StoreKind kind) {
  return out << (kind == StoreKind::mem ? "MemStore" : "LevelDbStore");
}

class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  std::string path() const { return path_; }

 private:
  std::string path_;
};

// An id of any kind from a number: different numbers, different ids, in numeric order.
template <class Id>
Id id_of(std::uint64_t number) {
  Id out;
  for (std::size_t i = 0; i < 8; ++i) out.data[i] = static_cast<std::uint8_t>(number >> (56 - 8 * i));
  out.data[Id::kSize - 1] = 0x5a;
  return out;
}
inline MessageId message_id(std::uint64_t number) { return id_of<MessageId>(number); }
inline MailboxId mailbox_id(std::uint64_t number) { return id_of<MailboxId>(number); }
inline NodeId node_id(std::uint64_t number) { return id_of<NodeId>(number); }
inline Address address_of(std::uint64_t number) { return id_of<Address>(number); }

struct MessageSpec {
  std::uint64_t number = 0;
  std::uint64_t mailbox = 1;
  std::uint64_t ingress = 1;
  std::uint32_t expires = 1000;  // minutes
  std::size_t body_bytes = 100;
  std::uint8_t effort = 0;
};
HeaderBytes header_of(const MessageSpec& spec);
Bytes body_of(const MessageSpec& spec);
PutMessage put_of(const MessageSpec& spec);
// An acknowledgement (136 bytes) or refusal (200) of that message.
PutTombstone tombstone_of(const MessageSpec& spec, Custody kind = Custody::acknowledged, bool foreign = false);

class StoreUnderTest {
 public:
  explicit StoreUnderTest(StoreKind kind);
  Store& operator*() { return *store_; }
  Store* operator->() { return store_.get(); }
  const std::string& path() const { return path_; }

  Ticket stage(std::vector<StoreOp> ops);      // under the next ticket
  void commit();                               // everything staged
  void write(std::vector<StoreOp> ops) { stage(std::move(ops)); commit(); }
  // Everything not committed is lost and the process starts anew.
  void crash();

 private:
  void open();

  StoreKind kind_;
  TempDir directory_;
  std::string path_;
  std::unique_ptr<Store> store_;
  Ticket ticket_ = 0;
};

// Runs one test of this program, normally a disabled one, in a process of its own with these variables set. Not a plain
// fork: that would inherit LevelDB's belief in a background thread which the child does not have.
pid_t spawn_test(const std::string& test, const std::vector<std::pair<std::string, std::string>>& environment);

// The whole directory's bytes, file by file.
std::uint64_t directory_bytes(const std::string& path);
bool directory_contains(const std::string& path, std::string_view text);

}  // namespace comm::test
