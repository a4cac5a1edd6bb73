#include "problem.hpp"

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>

namespace {

Pair read_pair(const std::string& text) {
  const size_t colon = text.find(':');
  const int64_t first = std::stoll(text);
  return {first, colon == std::string::npos ? first : std::stoll(text.substr(colon + 1))};
}

}  // namespace

Problem read_problem(const std::string& line) {
  std::istringstream stream(line);
  Problem problem;
  bool causal = false;
  std::string diagonal = "bottom-right";
  const std::map<std::string, bool*> flags = {
      {"--causal", &causal},       {"--backward", &problem.backward}, {"--deterministic", &problem.deterministic},
      {"--lse", &problem.lse},     {"--sink", &problem.sink},         {"--d-bias", &problem.d_bias},
      {"--paged", &problem.paged},
  };
  const std::map<std::string, std::string*> words = {
      {"--dtype", &problem.dtype},
      {"--bias", &problem.bias},
      {"--varlen", &problem.varlen},
      {"--layout", &problem.layout},
      {"--diagonal", &diagonal},
      {"--bias-dtype", &problem.bias_dtype},
      {"--bias-broadcast", &problem.bias_broadcast},
  };
  const std::map<std::string, Pair*> pairs = {{"--heads", &problem.heads},
                                              {"--head-dim", &problem.head_dim},
                                              {"--seq", &problem.seq},
                                              {"--window", &problem.window}};
  const std::map<std::string, int64_t*> numbers = {
      {"--batch", &problem.batch}, {"--alignment", &problem.alignment}, {"--row-padding", &problem.row_padding}};
  stream >> problem.name;
  for (std::string flag; stream >> flag;) {
    if (const auto found = flags.find(flag); found != flags.end()) {
      *found->second = true;
      continue;
    }
    std::string value;
    if (!(stream >> value)) throw std::invalid_argument(problem.name + ": " + flag + " has no value or is not known");
    if (const auto word = words.find(flag); word != words.end())
      *word->second = value;
    else if (const auto pair = pairs.find(flag); pair != pairs.end())
      *pair->second = read_pair(value);
    else if (const auto number = numbers.find(flag); number != numbers.end())
      *number->second = std::stoll(value);
    else if (flag == "--dropout")
      problem.dropout = std::stod(value);
    else
      throw std::invalid_argument(problem.name + ": " + flag + " is not known");
  }
  if (causal) problem.window.second = 0;
  // Without padding, equal lengths make the two diagonals one, and cuDNN can do more with the first.
  const bool same = problem.varlen == "none" && problem.seq.first == problem.seq.second;
  problem.top_left = diagonal == "top-left" || same;
  problem.lse |= problem.backward;
  if (problem.bias_dtype.empty()) problem.bias_dtype = problem.dtype;
  return problem;
}

std::vector<Problem> read_problems(const std::string& path) {
  std::ifstream stream(path);
  if (!stream) throw std::runtime_error("cannot read " + path);
  std::vector<Problem> problems;
  for (std::string line; std::getline(stream, line);)
    if (const size_t begin = line.find_first_not_of(" \t"); begin != std::string::npos && line[begin] != '#')
      problems.push_back(read_problem(line));
  return problems;
}
