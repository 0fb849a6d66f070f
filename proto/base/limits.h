// Every size, count, interval and retry of the protocol and the program, by name, with its unit.
// Mirrored in spec/params.toml (protocol) and compared with it by tests/tidy.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include "proto/base/time.h"

namespace comm {

// --- wire (spec 10-transport, 20-message) ---
inline constexpr std::uint8_t kProtocolVersion = 1;
inline constexpr std::size_t kMaxPacketBytes = 98'304;         // one serialised Packet
inline constexpr std::size_t kHeaderBytes = 96;
inline constexpr std::size_t kStampNonceBytes = 8;
inline constexpr std::array<std::size_t, 4> kBodyClassBytes{1'024, 4'096, 16'384, 61'440};
inline constexpr std::size_t kAckRecordBytes = kHeaderBytes + kStampNonceBytes + 32;            // 136
inline constexpr std::size_t kRefusalRecordBytes = kHeaderBytes + kStampNonceBytes + 32 + 64;   // 200
inline constexpr std::size_t kMaxTextBytes = 57'344;           // 56 KiB of UTF-8
inline constexpr std::size_t kMaxOffersPerPacket = 512;
inline constexpr std::size_t kMaxWantsPerPacket = 1'024;
inline constexpr std::size_t kMaxMessagesPerPacket = 64;
inline constexpr std::size_t kMaxStoredPerPacket = 512;
inline constexpr std::size_t kMaxAcksPerPacket = 512;
inline constexpr std::size_t kMaxContactsPerPacket = 16;
inline constexpr std::size_t kMaxKnownPerFind = 32;            // ids a FindNode says not to name again
inline constexpr std::size_t kMaxEndpointsPerHello = 4;
inline constexpr std::size_t kMaxRecordBytes = 4'096;          // signed part of a key record
inline constexpr std::size_t kMaxMailboxesPerRecord = 16;
inline constexpr std::size_t kMaxErrorTextBytes = 200;
inline constexpr Millis kMaxTimestamp = Millis{0xffff'ffff} * kMinute;  // latest instant a header can name (year 10136)

// --- lifetimes (spec 20-message, 50-ack) ---
inline constexpr std::uint16_t kMaxLifetimeMinutes = 43'200;   // 30 days
inline constexpr std::uint16_t kDefaultLifetimeMinutes = 10'080;  // 7 days
inline constexpr std::uint32_t kFutureSkewMinutes = 120;       // expires - lifetime may lie this far ahead
inline constexpr Millis kTombstoneGrace = 2 * kHour;           // deleted at expires + this
inline constexpr std::uint8_t kMaxStampEffort = 24;            // leading zero bits a sender computes at most
inline constexpr std::uint8_t kMaxPaidEffort = 20;             // a relay's price above it is not paid

// --- sessions (spec 10-transport) ---
inline constexpr Millis kHandshakeTimeout = 5 * kSecond;       // a link without Auth is cut
inline constexpr Millis kRequestTimeout = 10 * kSecond;        // every request's deadline
inline constexpr Millis kPingInterval = 120 * kSecond;         // idle session keep-alive
inline constexpr Millis kSessionIdle = 2 * kMinute;            // a dialled session nobody needs is closed
inline constexpr std::size_t kIdleSessionsKept = 8;            // while there are more than this
inline constexpr Millis kBootstrapRetryMin = 1 * kSecond, kBootstrapRetryMax = 60 * kSecond;
inline constexpr std::int64_t kPacketsPerSecond = 2'048, kPacketBurst = 4'096;                  // of one session; a packet counts once more per kItemsPerPacketToken items
inline constexpr std::int64_t kPrefixPacketsPerSecond = 8'192, kPrefixPacketBurst = 16'384;   // of one /24 or /48
inline constexpr std::size_t kMaxInboundLinks = 512;
inline constexpr std::size_t kRelayInboundLinks = 4'096;       // of an always-on relay: 28 KiB each while they are idle
inline constexpr std::size_t kMinInboundLinks = 8, kMostInboundLinks = 16'384;
inline constexpr std::size_t kMaxSessions = 1'024;             // both directions
inline constexpr std::size_t kItemsPerPacketToken = 8;
inline constexpr std::size_t kMaxQueuedPerPeer = 256;          // packets waiting for a session
inline constexpr std::size_t kMaxQueuedBytesPerPeer = 1'048'576;

// --- routing (spec 70-routing) ---
inline constexpr std::size_t kBucketSize = 8;                  // k
inline constexpr std::size_t kReplacementsPerBucket = 8;
inline constexpr std::size_t kMaxPerPrefixPerBucket = 2;
inline constexpr std::size_t kMaxPerPrefixInTable = 3;          // of all buckets
inline constexpr std::size_t kNearNodesBase = 2;                // in a table, of nodes that share b bits with its own id:
inline constexpr std::size_t kNearNodesFactor = 2;              // base + factor * N_hat / 2^b
inline constexpr Millis kQuestionableAfter = 15 * kMinute, kQuestionableMost = 4 * kHour;
inline constexpr int kBadAfterUnanswered = 5;
inline constexpr std::size_t kLookupParallelism = 3;           // alpha
inline constexpr std::size_t kLookupPaths = 4;                 // d
inline constexpr std::size_t kLookupNodeChecks = 48;           // id checks one lookup may cause, in equal shares per path
inline constexpr Millis kLookupTimeout = 30 * kSecond;
inline constexpr Millis kLookupPatience = 2 * kSecond;        // so long a question holds up what waits for its answer
inline constexpr int kIdCheckBurst = 32;
inline constexpr int kIdChecksPerSecond = 4;
inline constexpr std::size_t kEveryoneCustodianUpTo = 64;      // N_hat below which everyone is a custodian
inline constexpr std::uint64_t kRegionFactor = 2;              // region = kRegionFactor * k / N_hat of the space
inline constexpr std::uint64_t kRegionLeaveFactor = 3;         // hysteresis
inline constexpr Millis kTableRefresh = kHour;                 // Kademlia's tRefresh

// --- custody (spec 40-custody) ---
inline constexpr std::size_t kEntryPeers = 3;
inline constexpr Millis kBackoffCap = kHour;
inline constexpr int kMaxOfferAttempts = 32;                   // per message and peer
inline constexpr int kBackoffJitterPercent = 10;
inline constexpr Millis kOriginRefresh = kHour;                // fresh random entry peers
inline constexpr Millis kSettledReoffer = kHour;               // custodian's slow re-offer once everyone stored
inline constexpr std::size_t kMaxExchangedPeers = 64;          // peers remembered per message, to be sent the ack
inline constexpr std::size_t kMaxActiveCustody = 65'536;       // messages whose backoff state is in memory
inline constexpr Millis kWantTimeout = 10 * kSecond;           // then the next custodian is asked
inline constexpr std::uint64_t kDefaultStoreQuotaBytes = std::uint64_t{1} << 30;
inline constexpr std::uint64_t kMailboxQuotaBytes = 64 << 20;
inline constexpr std::uint64_t kIngressQuotaBytes = 256 << 20;
inline constexpr std::uint64_t kTombstoneCostBytes = 256;
inline constexpr std::uint64_t kForeignAckQuotaPercent = 5;
inline constexpr std::size_t kEvictionPage = 64;               // candidates looked at: enough for the largest newcomer
inline constexpr std::size_t kMaxFullMailboxes = 16;           // whose messages are kept in the order of their work
inline constexpr std::size_t kMaxStagedBytes = 32 << 20;       // not yet durable; above it messages are answered busy
static_assert(kEvictionPage * (kBodyClassBytes[0] + kHeaderBytes) >= kBodyClassBytes[3] + kHeaderBytes);

// --- reconciliation (spec 80-sync) ---
inline constexpr Millis kSyncInterval = kHour;
inline constexpr Millis kSyncEdge = 4 * kHour;                 // what expires sooner is left out
inline constexpr std::size_t kSyncPartners = 4;                // reconciled with in one round
inline constexpr std::size_t kMaxSyncRangesPerPacket = 512;
inline constexpr std::size_t kMaxSyncElementsPerPacket = 1'024;
inline constexpr std::size_t kSyncListed = 32;                 // elements of a range that are listed and not split
inline constexpr std::size_t kSyncSplit = 32;                  // most parts of a range that differs
inline constexpr std::size_t kSyncKept = 256;                  // elements of one range that are answered as extra, not split
inline constexpr std::size_t kSyncAsked = 32;                  // ranges of one request that are judged
inline constexpr std::size_t kMaxSyncSessions = 16;            // at a time
inline constexpr std::size_t kMaxSyncRounds = 256;             // requests of one session
inline constexpr std::size_t kMaxSyncQueue = 4'096;            // ranges a session still has to ask about
inline constexpr std::size_t kSyncRowsPerTurn = 2'048;         // elements read at a stretch
inline constexpr Millis kSyncRefusedKept = 24 * kHour;         // an id refused for quota is not asked for again
inline constexpr std::size_t kMaxSyncRefused = 16'384;

// --- mailboxes and key records (spec 60-mailboxes-and-records) ---
inline constexpr std::uint32_t kMailboxWeeksAhead = 8;         // current and this many next weeks are listed
inline constexpr std::uint32_t kMailboxWeeksBack = 5;          // past weeks still collected
inline constexpr std::size_t kCustodiansSubscribed = 3;
inline constexpr std::size_t kPairwiseSubscribed = 12;          // of a region that is not asked as a whole
inline constexpr Millis kCollectPoll = kHour;
inline constexpr Millis kCollectSeldom = 6 * kHour;            // where hardly anybody writes any more, or yet
inline constexpr Millis kRecordLifetime = 45 * kDay;
inline constexpr Millis kRecordFuture = 2 * kHour;
inline constexpr Millis kRecordRefreshAge = 8 * kDay;
inline constexpr Millis kRecordRepublish = kDay;
inline constexpr Millis kPrekeyKept = 76 * kDay;
inline constexpr Millis kKeyRetryMin = 2 * kSecond, kKeyRetryMax = 10 * kMinute;
inline constexpr int kMaxReseals = 3;
inline constexpr std::size_t kMaxCollected = 192;              // mailboxes one session may collect
inline constexpr Millis kPairwiseLifetime = 90 * kDay;         // of a mailbox granted to one contact
inline constexpr Millis kPairwiseAhead = 30 * kDay;            // its successor is granted so long before its end
inline constexpr Millis kPairwiseFallback = kDay;              // without an acknowledgement the public mailbox is used too
inline constexpr Millis kPairwiseRegrant = kDay;               // between two grants of one mailbox
inline constexpr std::size_t kMaxPairwise = 64;                // contacts that hold a grant
inline constexpr Millis kPairwisePoll = 6 * kHour;             // further members of their regions are asked
inline constexpr std::size_t kPairwisePolled = 2;              // so many of them

// --- clock (spec 40-custody) ---
inline constexpr Millis kClockStep = 10 * kMinute;             // wall may depart this far from monotonic
inline constexpr Millis kClockAheadAtStart = 24 * kHour;
inline constexpr Millis kClockAgreement = 2 * kHour;
inline constexpr std::size_t kClockPeers = 5;

}  // namespace comm
