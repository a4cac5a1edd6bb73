// use_plugin PLUGIN: runs the plugin's first implementation and the installed "eager" on one problem and compares what
// they give, forward and backward.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "attention_plugins/host/loader.hpp"
#include "attention_plugins/host/plan.hpp"
#include "attention_plugins/host/selector.hpp"

namespace {

using namespace cfgtool::attention;

std::vector<float> numbers(const Dims& size, float step) {
  std::vector<float> values(static_cast<size_t>(size[0] * size[1] * size[2] * size[3]));
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = std::sin(step * static_cast<float>(i));
  return values;
}

template <typename Float>
auto tensor(Float* data, const Dims& size) {
  return BasicTensor<std::conditional_t<std::is_const_v<Float>, const void, void>>{
      data, ATTN_DTYPE_F32, size, {size[1] * size[2] * size[3], size[2] * size[3], size[3], 1}};
}

/// The output, then the gradients of queries, keys and values, one after the other.
std::vector<float> run(const std::string& name, const attn_problem& problem, const LoadedPlugins& loaded) {
  const auto pool = std::make_shared<ThreadPool>(2);
  const Selection selection = select(name, cpu_device(2), problem, ATTN_LEVEL_RULES, loaded.plugins);
  if (!selection.chosen) {
    for (const std::string& line : refusal_lines(selection))
      std::printf("%s\n", line.c_str());
    std::exit(1);
  }
  std::printf("%s: %s\n", name.c_str(), selection.chosen->plugin->path().c_str());
  const Dims query_dims = query_size(problem);
  const Dims key_dims = key_size(problem);
  const Dims value_dims = value_size(problem);
  const Dims output_dims = output_size(problem);
  const std::vector<float> query = numbers(query_dims, 0.7F);
  const std::vector<float> key = numbers(key_dims, 1.3F);
  const std::vector<float> value = numbers(value_dims, 0.3F);
  const std::vector<float> d_output = numbers(output_dims, 0.9F);
  std::vector<float> output = numbers(output_dims, 0);
  std::vector<float> d_query = numbers(query_dims, 0);
  std::vector<float> d_key = numbers(key_dims, 0);
  std::vector<float> d_value = numbers(value_dims, 0);
  std::vector<float> lse(static_cast<size_t>(lse_count(problem)));
  AttentionKernel kernel(selection.chosen->plugin, selection.chosen->implementation, problem, pool);
  kernel.forward({tensor(query.data(), query_dims), tensor(key.data(), key_dims), tensor(value.data(), value_dims),
                  tensor(output.data(), output_dims), lse.data()});
  kernel.backward({tensor(query.data(), query_dims), tensor(key.data(), key_dims), tensor(value.data(), value_dims),
                   tensor(std::as_const(output).data(), output_dims), lse.data(), tensor(d_output.data(), output_dims),
                   tensor(d_query.data(), query_dims), tensor(d_key.data(), key_dims),
                   tensor(d_value.data(), value_dims)});
  std::vector<float> all = output;
  for (const auto* gradient : {&d_query, &d_key, &d_value})
    all.insert(all.end(), gradient->begin(), gradient->end());
  return all;
}

}  // namespace

int main(int, char** argv) {
  LoadOptions options;
  options.command_line_paths = {{argv[1], "argument 1"}};
  options.configuration_paths = {{PACKAGE_PLUGINS, "the package"}};
  options.use_default_folders = false;
  const LoadedPlugins loaded = load_plugins(options);
  for (const auto& plugin : loaded.plugins)
    std::printf("loaded %s %s\n", plugin->name().c_str(), plugin->version().c_str());

  attn_problem problem =
      make_problem({2, 6, 2, 9, 13, 16, 8}, ATTN_DTYPE_F32, ATTN_PASS_FORWARD | ATTN_PASS_LSE | ATTN_PASS_BACKWARD);
  make_causal(problem, ATTN_DIAGONAL_BOTTOM_RIGHT);
  const std::vector<float> tested = run(loaded.plugins.at(0)->implementations().at(0).name, problem, loaded);
  const std::vector<float> reference = run("eager", problem, loaded);
  float largest = 0;
  float difference = 0;
  for (size_t i = 0; i < reference.size(); ++i) {
    largest = std::max(largest, std::fabs(reference[i]));
    difference = std::max(difference, std::fabs(tested[i] - reference[i]));
  }
  std::printf("greatest difference %g of %g\n", static_cast<double>(difference), static_cast<double>(largest));
  return largest > 0.1F && difference < 2e-5F ? 0 : 1;
}
