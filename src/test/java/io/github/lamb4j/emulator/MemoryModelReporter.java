package io.github.lamb4j.emulator;

import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestExecutionResult.Status;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/** If a test fails, prints how to repeat the run with the same memory model. */
public final class MemoryModelReporter implements TestExecutionListener {

  private int failures;

  @Override
  public void executionFinished(TestIdentifier test, TestExecutionResult result) {
    if (result.getStatus() == Status.FAILED) failures++;
  }

  @Override
  public void testPlanExecutionFinished(TestPlan plan) {
    if (failures > 0) System.err.println(advice());
    failures = 0;
  }

  private static String advice() {
    return "To repeat failed tests of kernels with the same memory model: "
        + MemoryModel.ofProcess();
  }
}
