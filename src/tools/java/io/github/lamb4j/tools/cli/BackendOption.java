package io.github.lamb4j.tools.cli;

import io.github.lamb4j.BackendChoice;

/** The values of {@code --backend}. */
enum BackendOption {
  AUTO,
  CUDA,
  CPU;

  /**
   * Selects the backend on this machine.
   *
   * @throws IllegalStateException if CUDA is requested and not available
   */
  BackendChoice choice() {
    return switch (this) {
      case AUTO -> BackendChoice.auto();
      case CUDA -> cuda();
      case CPU -> BackendChoice.cpu();
    };
  }

  private static BackendChoice cuda() {
    BackendChoice best = BackendChoice.auto();
    if (!best.backend().equals("cuda")) {
      throw new IllegalStateException(
          best.reason() + "; the CPU gives the same numbers: use --backend cpu");
    }
    return best;
  }
}
