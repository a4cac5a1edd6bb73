/// \file
/// An attention problem in the words of `cfgtool attention check`, read here on its own: the oracle shares no code with
/// what it is the oracle of.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

struct Pair {
  int64_t first = 0, second = 0;
};

struct Problem {
  std::string name;
  std::string dtype = "bf16";
  int64_t batch = 1;
  Pair heads{1, 1}, head_dim{64, 64}, seq{128, 128};
  Pair window{-1, -1};  ///< keys before and behind a row's position; -1 is no bound
  bool top_left = false;
  std::string bias = "none", bias_dtype;  ///< dtype if empty
  std::string bias_broadcast = "b";       ///< of b, h, q and k: dimensions along which it has size 1
  std::string varlen = "none", layout = "bhsd";
  double dropout = 0;
  int64_t alignment = 16;   ///< bytes
  int64_t row_padding = 0;  ///< elements between the rows of query, key, value and output
  bool lse = false, backward = false, deterministic = false, sink = false, d_bias = false, paged = false;
};

/// One line: a name, then flags. \throws std::invalid_argument
Problem read_problem(const std::string& line);

/// All lines but empty ones and those that begin with #. \throws std::invalid_argument, std::runtime_error
std::vector<Problem> read_problems(const std::string& path);
