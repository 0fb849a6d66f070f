#include "client_tui/view/format.h"

#include <chrono>

namespace comm {
namespace {

std::string two(std::int64_t n) { return std::string(n < 10 ? "0" : "") + std::to_string(n); }
Millis local(Millis wall, int utc_offset_minutes) { return wall + utc_offset_minutes * kMinute; }

std::chrono::year_month_day date_of(Millis wall, int utc_offset_minutes) {
  return std::chrono::sys_days{std::chrono::days{local(wall, utc_offset_minutes) / kDay}};
}

}  // namespace

std::string clock_text(Millis wall, int utc_offset_minutes) {
  const Millis minutes = local(wall, utc_offset_minutes) / kMinute;
  return two(minutes / 60 % 24) + ":" + two(minutes % 60);
}

std::string seconds_text(Millis wall, int utc_offset_minutes) {
  return clock_text(wall, utc_offset_minutes) + ":" + two(wall / kSecond % 60);
}

std::string day_text(Millis wall, int utc_offset_minutes, Millis now) {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto date = date_of(wall, utc_offset_minutes);
  std::string out = std::string(kDays[std::chrono::weekday{std::chrono::sys_days{date}}.c_encoding()]) + " " +
                    std::to_string(static_cast<unsigned>(date.day())) + " " +
                    kMonths[static_cast<unsigned>(date.month()) - 1];
  if (now == 0 || date_of(now, utc_offset_minutes).year() != date.year())
    out += " " + std::to_string(static_cast<int>(date.year()));
  return out;
}

std::string date_text(Millis wall, int utc_offset_minutes) {
  const auto date = date_of(wall, utc_offset_minutes);
  return std::to_string(static_cast<int>(date.year())) + "-" + two(static_cast<unsigned>(date.month())) + "-" +
         two(static_cast<unsigned>(date.day()));
}

std::int64_t local_day(Millis wall, int utc_offset_minutes) { return local(wall, utc_offset_minutes) / kDay; }

std::string age_text(Millis age) {
  if (age < kMinute) return "now";
  if (age < kHour) return std::to_string(age / kMinute) + "m";
  if (age < kDay) return std::to_string(age / kHour) + "h";
  return std::to_string(age / kDay) + "d";
}

std::string lifetime_text(std::uint16_t minutes) {
  if (minutes % 1'440 == 0) return std::to_string(minutes / 1'440) + "d";
  if (minutes % 60 == 0) return std::to_string(minutes / 60) + "h";
  return std::to_string(minutes) + "m";
}

std::string size_text(std::uint64_t bytes) {
  const auto tenths = [](std::uint64_t value, std::uint64_t unit) {
    const std::uint64_t n = (value * 10 + unit - 1) / unit;
    return std::to_string(n / 10) + (n < 100 ? "." + std::to_string(n % 10) : "");
  };
  if (bytes < 1'000'000) return tenths(bytes, 1'000) + " kB";
  if (bytes < 1'000'000'000) return tenths(bytes, 1'000'000) + " MB";
  return tenths(bytes, 1'000'000'000) + " GB";
}

std::string plural(std::uint64_t count, const char* noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string state_mark(DeliveryState state, std::uint32_t relays, bool late, bool ascii) {
  switch (state) {
    case DeliveryState::needs_key: return "?";
    case DeliveryState::sealed: return ".";
    case DeliveryState::queued: return "~";
    case DeliveryState::relayed: return "^" + std::to_string(std::min<std::uint32_t>(relays, 99));
    case DeliveryState::delivered: return std::string(ascii ? "+" : "\xe2\x9c\x93") + (late ? " (late)" : "");
    case DeliveryState::expired: return ascii ? "x" : "\xe2\x9c\x97";
    case DeliveryState::failed: return "!";
  }
  return " ";
}

std::string state_words(DeliveryState state, std::uint32_t relays, bool late) {
  switch (state) {
    case DeliveryState::needs_key: return "needs key";
    case DeliveryState::relayed: return "relayed " + std::to_string(relays);
    case DeliveryState::delivered: return late ? "delivered late" : "delivered";
    default: return to_string(state);
  }
}

std::string alone_text(Millis age, const std::string& tried) {
  return "No peers for " + age_text(std::max(age, kAloneAfter)) + ". " +
         (tried.empty() ? std::string("No relay is known.") : "Tried " + tried + " (no answer).") +
         " Messages are kept. /connect HOST:PORT";
}

namespace {
// Day and month alone: weekday and year are more than a line has room for.
std::string short_day_text(Millis wall, int utc_offset_minutes) {
  const std::string day = day_text(wall, utc_offset_minutes, wall);
  return day.substr(day.find(' ') + 1);
}

std::string no_key_text(const Model& model, const Entry& entry) {
  const std::string until =
      entry.lifetime == 0 ? "" : " until " + short_day_text(entry.at + entry.lifetime * kMinute, model.utc_offset_minutes);
  return "No key found for " + short_hex(model.talk.peer.view()) + ". Held; retrying" + until + ". Check the address.";
}

bool key_is_missing(const Model& model, const Entry& entry) {
  return entry.state == DeliveryState::needs_key && model.now - entry.at >= kKeyPatience;
}
}  // namespace

std::string state_sentence(const Model& model, const Entry& entry) {
  const std::string next =
      model.next_try > model.now ? ", next try in " + age_text(std::max(model.next_try - model.now, kMinute)) : "";
  switch (entry.state) {
    case DeliveryState::needs_key:
      return key_is_missing(model, entry) ? no_key_text(model, entry)
                                          : "looking for the key of " + short_hex(model.talk.peer.view());
    case DeliveryState::sealed: return "sealed, not yet sent";
    case DeliveryState::queued: return "kept on this machine" + next;
    case DeliveryState::relayed: return "on " + plural(entry.relays, "relay") + ", not yet received";
    case DeliveryState::delivered:
      return "received by " + peer_name(model, model.talk.peer) +
             (entry.acked_at != 0 ? " " + clock_text(entry.acked_at, model.utc_offset_minutes) : "") +
             (entry.late ? ", late" : "");
    case DeliveryState::expired: return "expired; /retry or /forget";
    case DeliveryState::failed: return entry.detail.empty() ? "failed; /retry or /forget" : entry.detail;
  }
  return {};
}

std::string state_advice(const Model& model, const Entry& entry) {
  if (key_is_missing(model, entry)) return no_key_text(model, entry);
  if (entry.state == DeliveryState::expired)
    return (entry.lifetime != 0 ? "expired after " + lifetime_text(entry.lifetime) : std::string("expired")) +
           ": /retry or /forget";
  if (entry.state != DeliveryState::failed) return {};
  return (entry.detail.empty() ? "failed" : entry.detail) + ": /retry or /forget";
}

std::string peer_text(const NodeCore::PeerInfo& peer) {
  constexpr std::size_t kEndpointColumns = 24;
  std::string endpoint = to_string(peer.endpoint);
  endpoint.resize(std::max(kEndpointColumns, endpoint.size()), ' ');
  return short_hex(peer.node.view()) + "  " + endpoint + "  " + (peer.role == Role::relay ? "relay " : "client") + "  " +
         (peer.dialled ? "dialled by us" : "dialled us");
}

std::string tail_hex(ByteView bytes, std::size_t head, std::size_t tail) {
  const std::string hex = to_hex(bytes);
  if (hex.size() <= head + tail) return hex;
  return hex.substr(0, head) + ".." + hex.substr(hex.size() - tail);
}

}  // namespace comm
