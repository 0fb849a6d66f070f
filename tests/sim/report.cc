#include "tests/sim/report.h"

#include <cstdio>
#include <sstream>

namespace comm::sim {
namespace {

// packet_name needs a value of each alternative.
template <std::size_t... I>
std::array<const char*, sizeof...(I)> names(std::index_sequence<I...>) {
  return {packet_name(PacketBody(std::in_place_index<I>))...};
}
const std::array<const char*, std::variant_size_v<PacketBody>> kPacketNames =
    names(std::make_index_sequence<std::variant_size_v<PacketBody>>());

std::uint64_t ratio(std::uint64_t a, std::uint64_t b) { return b == 0 ? 0 : a / b; }
std::uint64_t per_second(std::uint64_t count, std::int64_t millis) {
  return count * 1'000 / static_cast<std::uint64_t>(std::max<std::int64_t>(1, millis));
}

std::string duration(Millis millis) {
  std::array<char, 48> out{};
  const long long seconds = millis / kSecond;
  std::snprintf(out.data(), out.size(), "%lld:%02lld:%02lld.%03lld", seconds / 3'600, seconds / 60 % 60, seconds % 60,
                static_cast<long long>(millis % kSecond));
  return out.data();
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') out += "\\n";
    else if (static_cast<unsigned char>(c) >= 0x20) out += c;
  }
  return out + "\"";
}

void latency_line(std::ostringstream& out, const char* what, const std::vector<Millis>& values) {
  out << "  " << what << ": p50 " << percentile(values, 500) << " ms, p99 " << percentile(values, 990) << " ms ("
      << values.size() << ")\n";
}

}  // namespace

Millis percentile(const std::vector<Millis>& sorted, std::size_t per_mille) {
  if (sorted.empty()) return 0;
  return sorted[std::min(sorted.size() - 1, sorted.size() * per_mille / 1'000)];
}

std::string to_text(const Report& r) {
  std::ostringstream out;
  const std::uint64_t shown = r.totals.shown;
  out << "scenario " << r.scenario << ", seed " << r.seed << ": " << r.nodes << " nodes, " << r.users << " users\n"
      << "  messages " << r.messages << ": accepted " << r.totals.sent << ", shown " << shown << ", delivered "
      << r.totals.delivered << ", duplicates " << r.totals.duplicates << "\n"
      << "  mail acknowledged, grants included: " << r.totals.by_pairwise << " by pairwise mailbox, " << r.totals.by_public
      << " by public\n"
      << "  virtual time " << duration(r.virtual_end) << ", healed at " << duration(r.healed_at) << "; wall "
      << duration(r.wall_millis) << ", CPU time " << duration(r.cpu_millis) << " ("
      << ratio(static_cast<std::uint64_t>(r.virtual_end), static_cast<std::uint64_t>(r.cpu_millis)) << " times real time)\n"
      << "  events " << r.events << ", " << per_second(r.events, r.cpu_millis) << " per second of CPU time, "
      << ratio(r.events * 3'600'000, std::uint64_t{r.nodes} * static_cast<std::uint64_t>(std::max<Millis>(1, r.virtual_end)))
      << " per node and hour; packets delivered " << r.packets_delivered << "\n  events by kind:";
  for (std::size_t i = 0; i < r.by_kind.size(); ++i)
    if (r.by_kind[i] > 0) out << " " << to_string(static_cast<EventKind>(i)) << " " << r.by_kind[i];
  out << "\n"
      << "  sent per delivered message: " << ratio(r.network.sent, shown) << " packets, " << ratio(r.network.bytes, shown)
      << " bytes; per node and second "
      << ratio(r.network.bytes * 1'000, std::uint64_t{r.nodes} * static_cast<std::uint64_t>(std::max<Millis>(1, r.virtual_end)))
      << " bytes\n"
      << "  links dialled " << r.network.dialled << ", refused " << r.network.refused << "; packets lost "
      << r.network.lost << ", duplicated " << r.network.duplicated << ", cut off " << r.network.cut << "\n";
  latency_line(out, "send to screen, recipient up", r.latency);
  latency_line(out, "send to screen, recipient away", r.latency_away);
  latency_line(out, "screen to delivered at the sender", r.time_to_quiet);
  out << "  stores: live " << r.live_left << ", tombstones " << r.tombstones << ", bytes " << r.store_bytes
      << "; sessions per node " << ratio(r.sessions, r.nodes) << ", table " << ratio(r.table, r.nodes)
      << ", size estimate (median) " << r.size_estimate_median << "\n"
      << "  memory per node " << ratio(r.memory_bytes, r.nodes) << " bytes\n  packets:";
  for (std::size_t i = 0; i < r.packets.size(); ++i)
    if (r.packets[i].packets > 0)
      out << " " << kPacketNames[i] << " " << r.packets[i].packets << " (" << r.packets[i].bytes / 1'000 << " kB)";
  out << "\n  refused by nodes:";
  for (const auto& [reason, count] : r.rejected) out << " " << reason << " " << count;
  out << "\n  notes:";
  for (const auto& [code, count] : r.notes) out << " " << code << " " << count;
  out << "\n";
  for (const std::string& violation : r.violations) out << "VIOLATION " << violation << "\n";
  if (r.violation_count > r.violations.size())
    out << "VIOLATION and " << r.violation_count - r.violations.size() << " more\n";
  return out.str();
}

std::string to_json(const Report& r) {
  std::ostringstream out;
  out << "{\"scenario\":" << quoted(r.scenario) << ",\"seed\":" << r.seed << ",\"nodes\":" << r.nodes
      << ",\"users\":" << r.users << ",\"messages\":" << r.messages << ",\"accepted\":" << r.totals.sent
      << ",\"shown\":" << r.totals.shown << ",\"delivered\":" << r.totals.delivered
      << ",\"duplicates\":" << r.totals.duplicates
      << ",\"by_pairwise\":" << r.totals.by_pairwise << ",\"by_public\":" << r.totals.by_public
      << ",\"virtual_ms\":" << r.virtual_end
      << ",\"healed_ms\":" << r.healed_at << ",\"wall_ms\":" << r.wall_millis << ",\"cpu_ms\":" << r.cpu_millis
      << ",\"events\":" << r.events << ",\"events_per_second\":" << per_second(r.events, r.cpu_millis)
      << ",\"packets_sent\":" << r.network.sent << ",\"bytes_sent\":" << r.network.bytes
      << ",\"packets_per_message\":" << ratio(r.network.sent, r.totals.shown)
      << ",\"bytes_per_message\":" << ratio(r.network.bytes, r.totals.shown)
      << ",\"latency_ms\":{\"p50\":" << percentile(r.latency, 500) << ",\"p99\":" << percentile(r.latency, 990)
      << ",\"away_p50\":" << percentile(r.latency_away, 500) << ",\"away_p99\":" << percentile(r.latency_away, 990)
      << ",\"ack_p50\":" << percentile(r.time_to_quiet, 500) << ",\"ack_p99\":" << percentile(r.time_to_quiet, 990)
      << "},\"live_left\":" << r.live_left << ",\"tombstones\":" << r.tombstones
      << ",\"size_estimate\":" << r.size_estimate_median << ",\"memory_per_node\":" << ratio(r.memory_bytes, r.nodes) << ",\"packets\":{";
  const char* comma = "";
  for (std::size_t i = 0; i < r.packets.size(); ++i) {
    if (r.packets[i].packets == 0) continue;
    out << comma << quoted(kPacketNames[i]) << ":{\"packets\":" << r.packets[i].packets
        << ",\"bytes\":" << r.packets[i].bytes << "}";
    comma = ",";
  }
  out << "},\"violations\":[";
  comma = "";
  for (const std::string& violation : r.violations) {
    out << comma << quoted(violation);
    comma = ",";
  }
  out << "]," << r.measured << ",\"violation_count\":" << r.violation_count << ",\"trace\":" << quoted(r.trace) << "}\n";
  return out.str();
}

}  // namespace comm::sim
