/** What both backends share. Internal: the API is {@link io.github.lamb4j}. */
package io.github.lamb4j.internal.spi;
