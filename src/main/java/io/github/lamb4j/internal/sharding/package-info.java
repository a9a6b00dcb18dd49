/** How a model is divided among ranks, for all backends. */
package io.github.lamb4j.internal.sharding;
