// Bech32m (BIP-350) with human-readable part "comm": the checksummed form of an address.
#pragma once
#include "proto/base/ids.h"
#include "proto/base/result.h"

namespace comm {

std::string encode_bech32m(std::string_view hrp, ByteView data);
// Result of 20 bytes for an Address; rejects mixed case, bad checksum, non-zero padding.
Result<Bytes> parse_bech32m(std::string_view hrp, std::string_view text);

std::string address_hex(const Address& address);      // 40 digits
std::string address_bech32m(const Address& address);  // comm1...

// Either form, whatever the case. `reason` of the error tells what is wrong:
// "address-length" (hex digits, not 40), "address-checksum" (Bech32m), "address-form" (neither form).
Result<Address> parse_address(std::string_view text);

}  // namespace comm
