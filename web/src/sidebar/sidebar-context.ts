import { createContext, useContext } from 'react'

export const SidebarContext = createContext({ isShown: true, open: () => {} })

export const useSidebar = () => useContext(SidebarContext)
