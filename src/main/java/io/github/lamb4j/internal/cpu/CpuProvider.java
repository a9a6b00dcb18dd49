package io.github.lamb4j.internal.cpu;

import io.github.lamb4j.internal.spi.Backend;
import io.github.lamb4j.internal.spi.BackendFactory;
import io.github.lamb4j.internal.spi.BackendProvider;
import io.github.lamb4j.internal.spi.BackendSettings;
import io.github.lamb4j.internal.spi.MemorySpace;
import io.github.lamb4j.model.ParameterGroup;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The CPU backend, which runs everywhere. */
public final class CpuProvider implements BackendProvider {

  private static final int PRIORITY = 0;

  @Override
  public String name() {
    return "cpu";
  }

  @Override
  public int priority() {
    return PRIORITY;
  }

  @Override
  public Optional<String> unavailableReason() {
    return Optional.empty();
  }

  @Override
  public String description() {
    return Runtime.getRuntime().availableProcessors() + " processors";
  }

  @Override
  public Map<String, String> details() {
    return Map.of();
  }

  @Override
  public BackendFactory forHostParameters() {
    return new BackendFactory() {
      @Override
      public MemorySpace memory() {
        return MemorySpace.HOST;
      }

      @Override
      public Backend open(List<ParameterGroup> groups, BackendSettings settings) {
        return settings.isPlain()
            ? new CpuBackend(groups, settings)
            : new ShardedCpuBackend(groups, settings, settings.hostCollective());
      }
    };
  }
}
