/// \file
/// An attention problem as flags: `--dtype bf16 --heads 32:8 --head-dim 128 --seq 2048 --causal`. For the command line
/// and for files with one problem a line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "attention_plugins/host/problem.hpp"

namespace CLI {
class App;
}

namespace cfgtool {

/// A size or two: `32:8`, or `32` for both.
struct SizePair {
  int64_t first = 0;
  int64_t second = 0;
};

struct ProblemFlags {
  /// Empty: not given. Then `model` says it, else the default.
  std::string dtype, heads, head_dim, seq;
  std::string model;  ///< a Hugging Face config.json, or its folder; empty: none
  int64_t batch = 1;
  bool causal = false;
  std::string window;  ///< `LEFT:RIGHT`, -1 for no bound
  std::string diagonal = "bottom-right";
  std::string bias = "none";
  std::string varlen = "none";
  std::string layout = "bhsd";
  double scale = 0;  ///< 0: 1 / sqrt(head_dim)
  double dropout = 0;
  bool backward = false;
  bool lse = false;
  bool deterministic = false;
  bool sink = false;
  bool d_bias = false;

  /// \throws std::invalid_argument that says which flag is wrong and what it takes, ConfigError with sources for a
  /// model's file that is wrong
  attn_problem problem() const;

  /// What the model's file says about attention that these flags do not ask about, for people; empty without a model.
  std::string model_note() const;
};

/// The heading of these flags in the help.
inline constexpr const char* kProblemGroup = "The problem";

void add_problem_flags(CLI::App& app, ProblemFlags& flags);

/// One line of a file: a name, then flags. \throws std::invalid_argument
struct NamedProblem {
  std::string name;
  ProblemFlags flags;
};
NamedProblem parse_problem_line(std::string_view line);

/// All lines of a file but empty ones and those that begin with #. \throws ConfigError with sources, code problem-file,
/// with every line that is wrong
std::vector<NamedProblem> read_problem_file(const std::string& path);

}  // namespace cfgtool
