// Draws the first run's questions. Pure, total for every size.
#pragma once
#include "client_tui/model/wizard.h"
#include "client_tui/view/view.h"

namespace comm {

Picture draw(const Wizard& wizard, const ViewOptions& options);

}  // namespace comm
