// Runs a fuzz target without libFuzzer: every file of the directory given, then mutations of those files drawn from
// a fixed seed. So each fuzz target is an ordinary test of every build, and a crash found by fuzzing stays fixed once
// its input lies in the corpus.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "proto/base/random.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using comm::Bytes;

constexpr int kMutations = 2'000;

void run(const Bytes& input) {
  // A copy of exactly this size: a sanitizer sees a read one byte too far.
  const Bytes exact(input.begin(), input.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

std::vector<Bytes> read_corpus(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<Bytes> out;
  for (const auto& path : files) {
    std::ifstream file(path, std::ios::binary);
    out.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return out;
}

// The values at which decoders go wrong: ends of ranges, continuation bits, long lengths.
std::uint8_t interesting(comm::Prng& random) {
  static constexpr std::array<std::uint8_t, 8> kBytes{0x00, 0x01, 0x7f, 0x80, 0xff, 0xfe, 0x20, 0x40};
  return random.chance(1, 2) ? kBytes[random.below(kBytes.size())] : static_cast<std::uint8_t>(random.below(256));
}

Bytes mutated(const std::vector<Bytes>& corpus, comm::Prng& random) {
  Bytes out = corpus[random.below(corpus.size())];
  for (std::uint64_t changes = 1 + random.below(4); changes > 0; --changes) {
    const auto at = static_cast<std::ptrdiff_t>(random.below(out.size() + 1));
    switch (random.below(6)) {
      case 0: out.resize(static_cast<std::size_t>(at)); break;
      case 1: out.insert(out.begin() + at, interesting(random)); break;
      case 2: {  // the tail of another input
        const Bytes& other = corpus[random.below(corpus.size())];
        out.resize(static_cast<std::size_t>(at));
        comm::append(out, comm::ByteView(other).subspan(random.below(other.size() + 1)));
        break;
      }
      case 3:
        if (!out.empty()) out.erase(out.begin() + at - (at > 0 ? 1 : 0));
        break;
      default:
        if (static_cast<std::size_t>(at) < out.size()) out[static_cast<std::size_t>(at)] = interesting(random);
    }
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s CORPUS_DIRECTORY\n", argv[0]);
    return 2;
  }
  const std::vector<Bytes> corpus = read_corpus(argv[1]);
  if (corpus.empty()) {
    std::fprintf(stderr, "%s: no inputs in %s\n", argv[0], argv[1]);
    return 1;
  }
  run({});
  for (const Bytes& input : corpus) run(input);
  comm::Prng random(1);
  for (int i = 0; i < kMutations; ++i) run(mutated(corpus, random));
  std::printf("%zu inputs, %d mutations\n", corpus.size(), kMutations);
  return 0;
}
