// Opening the durable store on a given disk. store.h's open_leveldb_store is this on the real one; tests bring their own.
#pragma once
#include "relay_store/level_disk.h"
#include "relay_store/store.h"

namespace comm {

// Bodies arrive in key order, so a small buffer costs little throughput and keeps memory and restart times small.
inline constexpr std::size_t kWriteBufferBytes = 4 << 20;

// REQUIRES: directory `path` exists; `disk` outlives the store.
OpenResult open_leveldb_store_on(Disk& disk, const std::string& path, std::size_t write_buffer_bytes = kWriteBufferBytes);

// For sentences: the node's --data directory, and that its store is damaged.
std::string data_directory_of(const std::string& path);
std::string damage_sentence(const std::string& path, const std::string& why);
bool is_older_format(std::string_view format);  // one that a repair converts

}  // namespace comm
