package io.github.lamb4j.tools.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.sharding.HostCollective;
import io.github.lamb4j.sharding.ShardedRun;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LaunchTest {

  @Test
  void shouldReadTheVariablesOfLaunchers() {
    assertEquals(new Launch(0, 1), Launch.of(Map.of()));
    assertEquals(
        new Launch(3, 4),
        Launch.of(Map.of("OMPI_COMM_WORLD_SIZE", "4", "OMPI_COMM_WORLD_RANK", "3")));
    assertEquals(
        new Launch(1, 2), Launch.of(Map.of("SLURM_STEP_NUM_TASKS", "2", "SLURM_PROCID", "1")));
    assertEquals(new Launch(1, 2), Launch.of(Map.of("PMI_SIZE", "2", "PMI_RANK", "1")));
  }

  @Test
  void shouldBelieveMpirunWithinAJobOfSlurm() {
    Map<String, String> environment =
        Map.of("OMPI_COMM_WORLD_SIZE", "1", "SLURM_STEP_NUM_TASKS", "8", "SLURM_PROCID", "5");
    assertEquals(new Launch(0, 1), Launch.of(environment));
  }

  @Test
  void shouldIgnoreAVariableThatIsNotANumber() {
    assertEquals(
        new Launch(0, 1), Launch.of(Map.of("PMI_SIZE", "two", "OMPI_COMM_WORLD_SIZE", "-4")));
  }

  @Test
  void shouldNameTheRankIfThereAreSeveral() {
    assertEquals("", new Launch(0, 1).prefix());
    assertEquals("rank 0: ", new Launch(0, 2).prefix());
    assertTrue(new Launch(0, 2).isFirst());
  }

  @Test
  void shouldConnectASingleProcessToItself() {
    try (HostCollective ranks = new Launch(0, 1).connect(Duration.ofSeconds(1))) {
      assertEquals(1, ranks.size());
      Launch.requireSame(ranks, "--seed 1");
    }
  }

  @Test
  void shouldRefuseOtherOptionsOnEveryRank() throws Exception {
    List<BadInput> refusals =
        ShardedRun.onRanks(
            3,
            ranks ->
                assertThrows(
                    BadInput.class,
                    () -> Launch.requireSame(ranks, "--seed " + (ranks.rank() == 2 ? 7 : 1))));
    for (BadInput refusal : refusals) {
      assertEquals(
          "rank 0 has the options --seed 1, but rank 2 has --seed 7; start all with the same",
          refusal.getMessage());
    }
  }
}
