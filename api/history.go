package api

func (s *Server) historyRoutes() []route { return nil }
