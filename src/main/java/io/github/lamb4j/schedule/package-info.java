/**
 * Learning rates: {@link io.github.lamb4j.schedule.Schedule} as a function of the step, complete
 * published {@linkplain io.github.lamb4j.schedule.Recipe recipes}, and {@linkplain
 * io.github.lamb4j.schedule.BatchScaling scaling} to another batch size.
 */
package io.github.lamb4j.schedule;
