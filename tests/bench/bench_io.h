// What the load drivers share: commands in by standard input, one line each, one JSON object out for each; latencies and
// their quantiles. The script that compares (bench.py) starts a driver per system and tells them in turn what to do.
#pragma once
#include <poll.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace comm::bench {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Of this process, all its threads.
inline double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6; };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

// "ingest connections=8 window=256": a verb and numbers by name.
struct Command {
  std::string verb;
  std::map<std::string, std::uint64_t> values;
  std::uint64_t get(const std::string& name, std::uint64_t otherwise) const {
    const auto found = values.find(name);
    return found == values.end() ? otherwise : found->second;
  }
};

inline Command parse_command(const std::string& line) {
  std::istringstream in(line);
  Command out;
  in >> out.verb;
  for (std::string word; in >> word;)
    if (const auto equals = word.find('='); equals != std::string::npos)
      out.values[word.substr(0, equals)] = std::stoull(word.substr(equals + 1));
  return out;
}

// One run of a driver: how many messages, how long, what it took of the driver itself, which shares the machine with the
// server, and how long each waited for its answer.
struct Run {
  std::uint64_t messages = 0;
  double seconds = 0;
  double cpu = 0;
  std::uint64_t rate_limited = 0;  // requests that the server refused for their number, and that were repeated

  struct Watch {
    Clock::time_point start = Clock::now();
    double cpu = cpu_seconds();
  };
  void stop(const Watch& watch) {
    seconds = seconds_since(watch.start);
    cpu = cpu_seconds() - watch.cpu;
  }
  std::vector<std::uint32_t> micros;

  void answered(Clock::time_point sent, std::uint64_t count) {
    const auto waited = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - sent).count();
    micros.insert(micros.end(), count, static_cast<std::uint32_t>(waited));
  }
  std::uint32_t quantile(std::size_t per_thousand) {
    if (micros.empty()) return 0;
    const std::size_t at = std::min(micros.size() - 1, micros.size() * per_thousand / 1000);
    std::nth_element(micros.begin(), micros.begin() + static_cast<std::ptrdiff_t>(at), micros.end());
    return micros[at];
  }
  void print() {
    const auto count = static_cast<double>(messages);
    std::printf("{\"messages\": %llu, \"seconds\": %.6f, \"rate\": %.1f, \"driver_cpu_per_100k\": %.3f, \"rate_limited\": %llu, "
                "\"p50_us\": %u, \"p99_us\": %u, \"max_us\": %u}\n",
                static_cast<unsigned long long>(messages), seconds, count / seconds, cpu * 1e5 / count,
                static_cast<unsigned long long>(rate_limited), quantile(500), quantile(990), quantile(1000));
    std::fflush(stdout);
  }
};

[[noreturn]] inline void give_up(const std::string& why) {
  std::fprintf(stderr, "bench: %s\n", why.c_str());
  std::exit(1);
}

// Commands until the end of input: Run ingest(command), Run drain(messages that were ingested since the last drain).
template <class Ingest, class Drain>
int serve_commands(Ingest ingest, Drain drain) {
  std::printf("{\"ready\": 1}\n");
  std::fflush(stdout);
  std::uint64_t held = 0;
  for (std::string line; std::getline(std::cin, line);) {
    const Command command = parse_command(line);
    Run run = command.verb == "ingest" ? ingest(command) : drain(held);
    held = command.verb == "ingest" ? held + run.messages : 0;
    run.print();
  }
  return 0;
}

// Keeps `window` requests under way on each of the connections until all are answered. Of a connection: fd(), fill() reads
// what has come, buffered() if some of that is not looked at yet. `send(c, number)` makes a request that leaves with
// connections[c]->flush(); `answered(c)` takes one answer off it, if there is one.
template <class Connections, class Send, class Answered>
void keep_window(Run& run, Connections&& connections, std::size_t window, Send send, Answered answered) {
  std::vector<std::deque<Clock::time_point>> sent(connections.size());
  std::vector<pollfd> fds(connections.size());
  std::uint64_t next = 0, done = 0;
  const auto top_up = [&](std::size_t c) {
    for (; sent[c].size() < window && next < run.messages; ++next) {
      send(c, next);
      sent[c].push_back(Clock::now());
    }
    connections[c]->flush();
  };
  const Run::Watch watch;
  for (std::size_t c = 0; c < connections.size(); ++c) top_up(c);
  while (done < run.messages) {
    for (std::size_t c = 0; c < connections.size(); ++c) fds[c] = {connections[c]->fd(), POLLIN, 0};
    poll(fds.data(), fds.size(), -1);
    for (std::size_t c = 0; c < connections.size(); ++c) {
      if ((fds[c].revents & POLLIN) == 0 && !connections[c]->buffered()) continue;
      connections[c]->fill();
      for (; answered(c); ++done) {
        run.answered(sent[c].front(), 1);
        sent[c].pop_front();
      }
      top_up(c);
    }
  }
  run.stop(watch);
}

}  // namespace comm::bench
