package io.github.lamb4j.cli;

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
      case CUDA -> BackendChoice.cuda();
      case CPU -> BackendChoice.cpu();
    };
  }
}
