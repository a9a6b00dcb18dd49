package io.github.lamb4j.sharding;

import java.util.Map;

/** Detects launchers that started several processes without connecting them through Open MPI. */
final class Launchers {

  private Launchers() {}

  /**
   * Rejects a group of one rank in one of several processes, which would train several models.
   *
   * @param environment the environment variables
   */
  static void requireSize(int size, Map<String, String> environment) {
    if (size == 1) {
      requireSingle(environment, "PMI_SIZE", "use the mpirun of Open MPI");
      requireSingle(environment, "SLURM_STEP_NUM_TASKS", "use srun --mpi=pmix, or mpirun");
    }
  }

  private static void requireSingle(
      Map<String, String> environment, String variable, String remedy) {
    String value = environment.get(variable);
    if (value != null && !value.equals("1")) {
      throw new IllegalStateException(
          "%s is %s, but Open MPI sees 1 process: %s".formatted(variable, value, remedy));
    }
  }
}
