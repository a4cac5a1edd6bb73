#include "config_engine/yaml_lint.hpp"

namespace cfgtool {

void lint_yaml(YamlText*) {}

}  // namespace cfgtool
