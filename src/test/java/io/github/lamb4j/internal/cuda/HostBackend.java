package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.LambBuilders;
import io.github.lamb4j.config.StepPath;

/** The backends for models on the host. */
enum HostBackend {
  CPU,
  SINGLE_PASS,
  TWO_PASS;

  LambBuilder builder(TestDevice device) {
    return this == CPU
        ? Lamb.onCpu()
        : LambBuilders.staged(device.driver()).path(StepPath.valueOf(name()));
  }
}
