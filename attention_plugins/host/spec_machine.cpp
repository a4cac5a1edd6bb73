#include "attention_plugins/host/spec_machine.hpp"

namespace cfgtool::attention {

Machine machine_for(const AttentionSpec& spec, const DeviceFolders& folders,
                    const std::shared_ptr<SourceMap>& sources) {
  if (!spec.device) return look_at_machine();
  const Origin& origin = spec.device->origin;
  const Stage stage = origin.kind == OriginKind::kFlag ? Stage::kRequest : Stage::kResolve;
  return described_machine(DeviceCatalogue(sources, folders).find(spec.device->value, {origin.pos, stage, origin.key}));
}

}  // namespace cfgtool::attention
