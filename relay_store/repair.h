// What `comm relay --check` and `--repair` do. Both open the database as a start does, so no other process may have it.
#pragma once
#include "relay_store/store.h"

namespace comm {

struct StoreReport {
  OpenFailure failure = OpenFailure::none;
  std::string detail;     // of a failure: what is wrong, what next
  Totals totals;          // what is there; of a repair, what was saved
  std::uint64_t rows = 0;     // of other owners: contacts, keys, settings
  std::uint64_t lost = 0;     // repair: messages whose header was found and whose body was not, or not intact
  std::string moved_to;       // repair: where the damaged database is now; empty if nothing needed repair
};

// Reads everything: each row's checksum, and all counters and indices against the rows they describe. Changes nothing
// that a start would not change.
StoreReport check_leveldb_store(const std::string& path);

// Whether a message or final record is what its id says. LevelDB's repair does not look at the checksums of logs.
using IsIntact = std::function<bool(const StoreOp& op)>;

// Saves what can be read into a new database in the place of the damaged one, which is moved aside, whole. Does nothing
// if the check finds nothing. Refuses what is not ours, or newer.
//   A tombstone that can be read is saved. A message is saved if its header and body can be read, are intact, and no
//   tombstone of it was found: one that was erased may come back, and the network answers it with its acknowledgement. Counters and indices
//   are made anew, so an older format is converted too.
// REQUIRES (both): `path` exists.
StoreReport repair_leveldb_store(const std::string& path, const IsIntact& intact);

}  // namespace comm
