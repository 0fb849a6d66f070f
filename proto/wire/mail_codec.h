// Private to proto/wire: packets of messages, which are nearly all of the bytes that a relay handles, between bytes and
// Packet without protobuf's objects, each of which is six pieces of memory and two copies of a body. Exactly what protobuf
// would write; of what is read only that form, with every field in its place: anything else is left to protobuf, which
// also names the fault.
#pragma once
#include <optional>

#include "proto/wire/packet.h"

namespace comm::codec {

std::optional<Packet> read_mail(ByteView in);
Bytes write_mail(std::uint32_t request_id, const Message& message);

}  // namespace comm::codec
