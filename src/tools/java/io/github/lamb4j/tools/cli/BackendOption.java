package io.github.lamb4j.tools.cli;

import io.github.lamb4j.BackendChoice;

/** What {@code --backend} takes. */
enum BackendOption {
  AUTO,
  CUDA,
  CPU;

  /**
   * The backend that it stands for on this machine.
   *
   * @throws IllegalStateException if it is CUDA and there is none
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
