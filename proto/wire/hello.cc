#include "proto/wire/codec.h"

namespace comm {
namespace codec {

bool read_endpoint(const std::string& in, Endpoint& out) {
  if (in.size() != kEndpointBytes) return false;
  const ByteView bytes = as_bytes(in);
  std::copy_n(bytes.begin(), out.ip.size(), out.ip.begin());
  out.port = get_be<std::uint16_t>(bytes.subspan(out.ip.size()));
  return true;
}

std::string endpoint_string(const Endpoint& endpoint) {
  Bytes out(endpoint.ip.begin(), endpoint.ip.end());
  put_be(out, endpoint.port);
  return string_of(out);
}

}  // namespace codec

Bytes encode_hello_body(const HelloBody& body) {
  pb::HelloBody out;
  out.set_version(body.version);
  out.set_capabilities(body.capabilities);
  out.set_node_key(codec::string_of(body.node_key.view()));
  out.set_nonce(codec::string_of(body.nonce.view()));
  for (const Endpoint& endpoint : body.endpoints) out.add_endpoints(codec::endpoint_string(endpoint));
  out.set_role(static_cast<std::uint32_t>(body.role));
  out.set_time_ms(codec::time_of(body.time));
  return codec::encode_pb(out);
}

// A version other than ours passes: the session answers it with Error{version}. An unspecified address or port 0
// passes too, as a claim; whether the node can be dialled is found out by dialling.
Result<HelloBody> parse_hello_body(ByteView in) {
  pb::HelloBody pb;
  if (!codec::parse_pb(in, pb)) return reject(Stage::decode, Scope::count, "hello-decode");
  HelloBody out;
  if (pb.version() == 0) return codec::bad_schema("hello-version");
  out.version = pb.version();
  out.capabilities = pb.capabilities();
  if (!codec::read_fixed(pb.node_key(), out.node_key)) return codec::bad_schema("hello-node-key");
  if (!codec::read_fixed(pb.nonce(), out.nonce)) return codec::bad_schema("hello-nonce");
  if (static_cast<std::size_t>(pb.endpoints_size()) > kMaxEndpointsPerHello)
    return codec::bad_schema("hello-endpoints");
  for (const std::string& bytes : pb.endpoints()) {
    Endpoint endpoint;
    if (!codec::read_endpoint(bytes, endpoint)) return codec::bad_schema("hello-endpoints");
    out.endpoints.push_back(endpoint);
  }
  if (pb.role() != 1 && pb.role() != 2) return codec::bad_schema("hello-role");
  out.role = static_cast<Role>(pb.role());
  if (!codec::read_time(pb.time_ms(), out.time)) return codec::bad_schema("hello-time");
  return out;
}

}  // namespace comm
