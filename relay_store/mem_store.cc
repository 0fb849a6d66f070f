#include "relay_store/kv_store.h"
#include "relay_store/mem_kv.h"

namespace comm {

std::unique_ptr<Store> make_mem_store() { return std::make_unique<KvStore>(std::make_unique<MemKv>()); }

}  // namespace comm
