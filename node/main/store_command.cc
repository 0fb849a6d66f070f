// `comm relay --check` and `--repair`: what a node's store holds, and what can be saved of it. Works on the data directory
// of any node.
#include <filesystem>

#include "node/main/commands.h"
#include "node/main/json_protocol.h"
#include "node/main/output.h"
#include "node/shell/data_dir.h"
#include "proto/seal/hash.h"
#include "proto/seal/message.h"
#include "relay_store/repair.h"

namespace comm {
namespace {

std::string count(std::uint64_t number, const std::string& one, const std::string& many) {
  return std::to_string(number) + " " + (number == 1 ? one : many);
}

std::string contents(const StoreReport& report) {
  const Totals& totals = report.totals;
  return count(totals.live, "message", "messages") + ", " + count(totals.acknowledged, "final record", "final records") +
         ", " + count(totals.records, "key record", "key records") + ", " +
         count(report.rows, "row of the node's own", "rows of the node's own") + "; " +
         count(totals.bytes, "byte", "bytes") + " of quota";
}

std::string told(const StoreReport& report, const std::string& store) {
  if (report.moved_to.empty()) return "the store in " + store + " is whole: " + contents(report);
  std::string out = "saved " + contents(report) + "\n";
  if (report.lost > 0) out += count(report.lost, "message", "messages") + " could not be read\n";
  return out + "the damaged store is now " + report.moved_to + "; remove it when nothing is missed";
}

// Ids commit to headers, headers to bodies and to what acknowledges or refuses them.
bool is_intact(const StoreOp& op) {
  if (const auto* put = std::get_if<PutMessage>(&op)) {
    const auto header = parse_header(put->header);
    return header && message_id(put->header) == put->id && body_hash(put->body) == header->body_hash;
  }
  if (const auto* final = std::get_if<PutTombstone>(&op)) {
    const auto header = HeaderBytes::from(ByteView(final->record).first(std::min(final->record.size(), kHeaderBytes)));
    return header && message_id(*header) == final->id && check_final_record(final->record).has_value();
  }
  return true;
}

}  // namespace

int run_store(const Options& options) {
  std::error_code error;
  if (!std::filesystem::is_directory(options.data + "/store", error))
    return fail({kExitFailed, "there is no store in " + options.data + ". Is it the directory of a node's --data?"});
  Failure failure;
  const auto directory = DataDir::open(options.data, "comm relay --check", failure, "Stop it first.");
  if (!directory) return fail(failure);
  const std::string store = directory->store_path();
  const StoreReport report = options.repair ? repair_leveldb_store(store, is_intact) : check_leveldb_store(store);
  if (report.failure != OpenFailure::none) return fail({exit_code_of(report.failure), report.detail + "."});
  return print_lines((options.json ? json_store(report.totals) : told(report, store)) + "\n");
}

}  // namespace comm
