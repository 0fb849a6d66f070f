// The part of a repair that a test can run on a disk of its own.
#pragma once
#include "relay_store/level_disk.h"
#include "relay_store/repair.h"

namespace comm {

// Reads what can be read of the database `damaged` into a new one, `fresh`; `damaged` stays as it is. Needs room for
// what is saved. REQUIRES: directory `fresh` exists and is empty; no process has either open.
StoreReport salvage_store(Disk& disk, const std::string& damaged, const std::string& fresh, const IsIntact& intact);

}  // namespace comm
