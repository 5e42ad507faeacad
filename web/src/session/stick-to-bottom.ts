import { type RefObject, useCallback, useEffect, useRef, useState } from 'react'

/** Closer to the end than this counts as being there. */
const NEAR_PX = 24
/** What has been written last may still be laid out when the growing has ended: formulas, highlighted code. */
const SETTLE_MS = 1000

/**
 * Keeps a scroller at its end while its content grows, from the moment `stick` is called or the end is reached, until
 * somebody scrolls up.
 *
 * @param isGrowing only then is it kept there, so that opening a code block in an old answer moves nothing.
 */
export function useStickToBottom(
  scrollerRef: RefObject<HTMLElement | null>,
  contentRef: RefObject<HTMLElement | null>,
  isGrowing: boolean,
) {
  const isStuck = useRef(true)
  const settlesUntil = useRef(0)
  const [isAtEnd, setAtEnd] = useState(true)

  const stick = useCallback(() => {
    isStuck.current = true
    scrollerRef.current?.scrollTo({ top: scrollerRef.current.scrollHeight })
  }, [scrollerRef])

  useEffect(() => {
    const scroller = scrollerRef.current
    const content = contentRef.current
    if (!scroller || !content) return
    let lastTop = scroller.scrollTop
    const look = () => {
      const { scrollTop, scrollHeight, clientHeight } = scroller
      const distance = scrollHeight - clientHeight - scrollTop
      if (distance <= NEAR_PX && scrollTop >= lastTop) isStuck.current = true
      else if (scrollTop < lastTop - 1 && distance > 1) isStuck.current = false
      lastTop = scrollTop
      setAtEnd(distance <= NEAR_PX)
    }
    const grown = new ResizeObserver(() => {
      const isFollowing = isGrowing || performance.now() < settlesUntil.current
      if (isFollowing && isStuck.current) scroller.scrollTop = scroller.scrollHeight
      look()
    })
    grown.observe(content)
    grown.observe(scroller)
    scroller.addEventListener('scroll', look, { passive: true })
    return () => {
      if (isGrowing) settlesUntil.current = performance.now() + SETTLE_MS
      grown.disconnect()
      scroller.removeEventListener('scroll', look)
    }
  }, [scrollerRef, contentRef, isGrowing])

  return { isAtEnd, stick }
}
