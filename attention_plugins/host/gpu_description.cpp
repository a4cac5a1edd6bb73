#include "attention_plugins/host/gpu_description.hpp"

#include <nlohmann/json.hpp>

namespace cfgtool::attention {

std::vector<std::string> figure_names() {
  std::vector<std::string> names{"name"};
  for (const SizeFigure& figure : kSizeFigures)
    names.emplace_back(figure.name);
  for (const DimFigure& figure : kDimFigures)
    names.emplace_back(figure.name);
  for (const FlagFigure& figure : kFlagFigures)
    names.emplace_back(figure.name);
  return names;
}

std::string to_json(const GpuDescription& gpu) {
  nlohmann::ordered_json json{{"name", gpu.name}};
  for (const SizeFigure& figure : kSizeFigures)
    json[figure.name] = gpu.*figure.value;
  for (const DimFigure& figure : kDimFigures)
    json[figure.name] = gpu.*figure.value;
  for (const FlagFigure& figure : kFlagFigures)
    json[figure.name] = gpu.*figure.value;
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace cfgtool::attention
